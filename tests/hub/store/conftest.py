from tests.hub.store.databases import *  # noqa: F403
