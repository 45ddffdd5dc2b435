; Not CMK: says that it is a cluster, and then loses its interrupt table. For the test that a reset
; counts as a failure.
bits 32
org 0x100000
start:
    dd 0x1badb002, 0x00010000, -(0x1badb002 + 0x00010000)
    dd start, start, end, end, code
code:
    mov esi, text
    mov dx, 0x3f8
.next:
    lodsb
    test al, al
    jz .reset
    out dx, al
    jmp .next
.reset:
    lidt [no_table]
    int3
no_table: dw 0
          dd 0
text: db "cmk: cluster of 1 nodes, 1 CPUs", 13, 10, 0
end:
