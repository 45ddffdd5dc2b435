"""The parts of tools/cmk. Also used by the system tests (tests/system/run). Python's standard
library only.
"""
