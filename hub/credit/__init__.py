"""Who gets credit for an item, and which items a key result counts. Pure; one tree of items at a time.

    claims of each item --down the tree--> winners --settle--> Attachment --per key result--> Unit

A tree is a root with all its descendants: claims come from ancestors only, and units are chosen along paths, so that no tree
needs another. docs/how-numbers-are-calculated.md, sections 2 and 3.
"""

from hub.credit.attach import Credit
from hub.credit.trees import Tree, trees
from hub.credit.units import Units

__all__ = ["Credit", "Tree", "Units", "trees"]
