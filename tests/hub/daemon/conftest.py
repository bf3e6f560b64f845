from tests.hub.sandbox.conftest import *  # noqa: F403
from tests.hub.store.databases import *  # noqa: F403
