"""What all tests share."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
settings.load_profile("untimed")

collect_ignore = [
    "example_plugin"
]  # a package of its own: an integration test installs and tests it
