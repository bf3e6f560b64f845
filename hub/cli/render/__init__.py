"""From values to what Rich can show. Pure: nothing here prints, asks the clock or looks at the terminal.

Every text of a vendor goes through ``text.clean`` and is put into ``rich.text.Text``, never into markup.
"""
