; Not CMK: says nothing and waits for ever. For tests of time limits and of clean-up.
bits 32
org 0x100000
start:
    dd 0x1badb002, 0x00010000, -(0x1badb002 + 0x00010000)
    dd start, start, end, end, code
code:
    cli
    hlt
    jmp code
end:
