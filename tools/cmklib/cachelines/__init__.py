"""The parts of tools/cache-lines: which cache lines of kernel memory a system call reads and
writes.
"""
