; From the stubs through the lock into C, and out again (docs/locking.md, steps 3 to 5 and 11).
;
; The lock is an MCS queue: lock_tail is the last CPU's lock node, or null when the lock is free.

%include "entry.inc"

extern kernel_entry, syscall_entry, lock_tail, node_cpu_count, lock_patience, lock_stands_still
global enter_one, enter_many, syscall_stub_one, syscall_many, cpu_enter_first, idle_start, idle_end

; Statistics of debug builds: each CPU's own, so that none counts for another. Cycles are the
; TSC's.
%ifdef CMK_DEBUG
; rax = TSC; changes rdx.
%macro READ_TSC 0
    rdtsc
    shl rdx, 32
    or rax, rdx
%endmacro

; Adds rax to the sum at rbx + %1 and keeps the largest at rbx + %2.
%macro COUNT 2
    add [rbx + %1], rax
    cmp rax, [rbx + %2]
    jbe %%not_longer
    mov [rbx + %2], rax
%%not_longer:
%endmacro

; Before the exchange: CPUs at the lock with this one, the holder included; changes rax.
%macro COUNT_QUEUE 0
    mov eax, 1
    lock xadd [lock_queue_length], rax
    inc rax
    cmp rax, [rbx + CPU_LOCK_LONGEST_QUEUE]
    jbe %%not_longer
    mov [rbx + CPU_LOCK_LONGEST_QUEUE], rax
%%not_longer:
%endmacro

; Changes rax and r10.
%macro COUNT_ENTRY 0
    mov r10, rdx
    inc qword [rbx + CPU_LOCK_ENTRIES]
    READ_TSC
    mov [rbx + CPU_LOCK_TAKEN_AT], rax
    mov rdx, r10
%endmacro

; rax stays; changes rdx and rsi.
%macro COUNT_HOLD 0
    mov rsi, rax
    READ_TSC
    sub rax, [rbx + CPU_LOCK_TAKEN_AT]
    COUNT CPU_LOCK_HELD_CYCLES, CPU_LOCK_LONGEST_HOLD
    lock dec qword [lock_queue_length]
    mov rax, rsi
%endmacro

; rbp = when the wait began; changes rax and r13.
%macro COUNT_WAIT 0
    mov r13, rdx
    READ_TSC
    mov rdx, r13
    sub rax, rbp
    COUNT CPU_LOCK_WAIT_CYCLES, CPU_LOCK_LONGEST_WAIT
%endmacro

%macro BEGIN_WAIT 0
    inc qword [rbx + CPU_LOCK_CONTENDED]
    mov r13, rdx
    READ_TSC
    mov rdx, r13
    mov rbp, rax
%endmacro

section .bss
align 64
lock_queue_length: resq 1                ; CPUs that hold or want it: locked instructions
%else
%define COUNT_QUEUE
%define COUNT_ENTRY
%define COUNT_HOLD
%define COUNT_WAIT
%define BEGIN_WAIT
%endif

section .text

; void cpu_enter_first(struct cpu *cpu)
cpu_enter_first:
    mov rbx, rdi
    mov qword [rbx + CPU_TRAP_THREAD], 0
    mov qword [rbx + CPU_TRAP_VECTOR], NO_EVENT
    lea rsp, [rbx + CPU_STACK_TOP]
    cmp dword [node_cpu_count], 1
    jne enter_many
    ; fall through

; rbx = CPU block, rsp = top of its stack, the thread's context and the trap record are complete.
align 16
enter_one:
    mov rdi, rbx
    xor ebp, ebp                         ; debuggers end their walk here
    call kernel_entry
    jmp leave

; A system call: the stub, with nothing between it and C. (The file's other half is that of nodes
; with several CPUs.)
align 16
syscall_stub_one:
    SAVE_AT_SYSCALL 0
    call syscall_entry
    ; fall through

; rax = context to go on with, a thread's or the CPU's idle one. Interrupts are off until the last
; instruction, so that what was decided under the lock still holds, and the context is this CPU's
; alone until then.
leave:
    lea rsp, [rax + CONTEXT_RAX]
    cmp qword [rax + CONTEXT_VECTOR], ENTERED_BY_SYSCALL
    pop rax                              ; pops keep the flags
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop rdx
    pop rdi
    pop rsi
    pop r10
    pop r8
    pop r9
    pop r15
    jne .everything
    mov rcx, [rsp - CONTEXT_VECTOR + CONTEXT_RIP]
    mov r11, [rsp - CONTEXT_VECTOR + CONTEXT_RFLAGS]
    xor esp, esp                         ; contract 1.2
    o64 sysret
.everything:
    mov rcx, [rsp - CONTEXT_VECTOR + CONTEXT_RCX]
    mov r11, [rsp - CONTEXT_VECTOR + CONTEXT_R11]
    add rsp, CONTEXT_RIP - CONTEXT_VECTOR
    iretq

; The address in a CPU's idle context, with its own stack. What wakes it starts a fresh entry, and
; never returns here; an NMI does return. `sti` takes effect after the `hlt` began, so that nothing
; can come between.
idle_start:
    sti
    hlt
    jmp idle_start
idle_end:

; The same in a node with several CPUs: under the lock.

; Step 3: both words before the exchange, which is also a full fence. Then rax = the CPU before this
; one, or 0 and this CPU holds the lock. rbx = CPU block; changes r10.
%macro QUEUE_FOR_LOCK 0
    lea r10, [rbx + CPU_LOCK]
    mov qword [r10 + LOCK_NEXT], 0
    mov qword [r10 + LOCK_WAIT], 1
    COUNT_QUEUE
    mov rax, r10
    xchg [lock_tail], rax
    test rax, rax
%endmacro

align 16
enter_many:
    QUEUE_FOR_LOCK
    jnz door
holding:
    COUNT_ENTRY
    mov rdi, rbx
    xor ebp, ebp
    call kernel_entry
    jmp release

align 16
syscall_many:
    mov rbx, r9
    QUEUE_FOR_LOCK
    jnz syscall_at_door
    COUNT_ENTRY
    call syscall_entry
    ; fall through

; rax = what `leave` wants. Nothing but this context is touched from here on.
;
; Hand the lock to the next CPU. The exchange only succeeds if no CPU has queued after this one;
; otherwise one has, or is between its exchange and its link: a few instructions with interrupts
; off, which bounds the wait. Past lock_patience looks the node stops.
release:
    COUNT_HOLD
    lea rdi, [rbx + CPU_LOCK]
    mov rdx, [rdi + LOCK_NEXT]
    test rdx, rdx
    jnz .hand_over
    mov rsi, rax
    mov rax, rdi
    xor ecx, ecx
    lock cmpxchg [lock_tail], rcx
    mov rax, rsi
    je leave
    mov ecx, [lock_patience]
.wait_for_link:
    pause
    mov rdx, [rdi + LOCK_NEXT]
    test rdx, rdx
    jnz .hand_over
    dec ecx
    jnz .wait_for_link
    jmp lock_waited_too_long
.hand_over:
    mov qword [rdx + LOCK_WAIT], 0       ; after all that was done under the lock
    jmp leave

; Step 4: another CPU holds the lock. r10 = own lock node, rax = that of the CPU before this one.
; What the registers hold of the user stays there until a holder asks for it: most waits are over
; before. Where holders do ask, each of them would wait for all, so this CPU then comes by itself
; for some time. Goes on at %1 with the lock, at %2 when asked, at %3 unasked. Bounded by the kernel
; entries of the CPUs before this one; past lock_patience looks the node stops. Changes r12.
%macro WAIT_OR_BE_ASKED 3
    cmp byte [r10 + LOCK_UNASKED], 0
    je %%stay
    dec byte [r10 + LOCK_UNASKED]
    jmp %3
%%stay:
    mov byte [rbx + CPU_MARK], CPU_MARK_WAITS
    mov r12d, [lock_patience]
%%wait:
    pause
    cmp qword [r10 + LOCK_WAIT], 0
    je %1
    cmp qword [r10 + LOCK_ASKED], 0
    jne %2
    dec r12d
    jnz %%wait
    jmp lock_waited_too_long
%endmacro

; Not asked: the thread is still current, and its registers are at hand. Else the trap record is for
; after the wait, when it may be gone.
align 16
syscall_at_door:
    mov [rax + LOCK_NEXT], r10
    BEGIN_WAIT
    WAIT_OR_BE_ASKED .waited, .asked, .unasked
.waited:
    COUNT_WAIT
    COUNT_ENTRY
    call syscall_entry
    jmp release
.asked:
    mov byte [r10 + LOCK_UNASKED], UNASKED_WAITS
.unasked:
    mov [rbx + CPU_TRAP_THREAD], r8
    mov qword [rbx + CPU_TRAP_VECTOR], ENTERED_BY_SYSCALL
    jmp door.come

door:
    mov [rax + LOCK_NEXT], r10
    BEGIN_WAIT
    mov rax, [rbx + CPU_NODE_ROOT]
    cmp qword [rbx + CPU_TRAP_THREAD], 0
    je .at_the_door                      ; idle has nothing to give up
    WAIT_OR_BE_ASKED .waited, .asked, .come
.asked:
    mov byte [r10 + LOCK_UNASKED], UNASKED_WAITS

; Writes only this CPU's block and its own thread's context and FPU area.
.come:
    mov rcx, [rbx + CPU_TRAP_THREAD]
    ; 4a, FPU registers and bases, which users with FSGSBASE change by themselves.
    cmp byte [rbx + CPU_FPU], CPU_FPU_IS_LIVE
    jne .fpu_saved
    test byte [rbx + CPU_FEATURES], CPU_FEATURE_XSAVE
    jz .without_xsave
    mov eax, FPU_STATE_COMPONENTS
    xor edx, edx
    xsave64 [rcx + TCB_FPU_AREA]
    jmp .fpu_stored
.without_xsave:
    fxsave64 [rcx + TCB_FPU_AREA]
.fpu_stored:
    mov byte [rbx + CPU_FPU], CPU_FPU_IS_FREE
.fpu_saved:
    test byte [rbx + CPU_FEATURES], CPU_FEATURE_FSGSBASE
    jz .bases_saved
    rdfsbase rax
    rdgsbase rdx
    mov [rcx + TCB_CONTEXT + CONTEXT_FS_BASE], rax
    mov [rcx + TCB_CONTEXT + CONTEXT_GS_BASE], rdx
.bases_saved:
    ; 4b. Loading CR3 is serialising: the user's translations are gone before the mark can be seen.
    mov rax, [rbx + CPU_NODE_ROOT]
    cmp rax, [rbx + CPU_LOADED_ROOT]
    je .at_the_door
    mov cr3, rax
.at_the_door:
    mov byte [rbx + CPU_MARK], CPU_MARK_DOOR ; 4c: from here on the thread's context is the holder's
    ; 4d. Bounded by the kernel entries of the CPUs before this one; past lock_patience looks the
    ; node stops.
    mov ecx, [lock_patience]
.wait:
    pause
    cmp qword [r10 + LOCK_WAIT], 0
    je .holding
    dec ecx
    jnz .wait
    jmp lock_waited_too_long
.holding:
    mov [rbx + CPU_LOADED_ROOT], rax     ; only now: the holder reads it
.waited:
    COUNT_WAIT
    jmp holding

; rbx = CPU block, rsp = top of its stack. Does not return.
lock_waited_too_long:
    mov rdi, rbx
    call lock_stands_still
