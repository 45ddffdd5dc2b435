// An instruction pointer or base that is not canonical faults on the way out of the kernel, without
// the lock and with the wrong mark (docs/locking.md). So what reaches a context comes from
// context_sanitise(), from the CPU's own registers, from another context, or is zero.
@sane@
expression context, other, length;
position p;
@@
(
  context.rip@p = \(context_sanitise(...)\|0\|other.rip\|other->rip\|other.restart_ip
    \|other->restart_ip\|other.restart_ip + length\|other->restart_ip + length\)
|
  context->rip@p = \(context_sanitise(...)\|0\|other.rip\|other->rip\|other.restart_ip
    \|other->restart_ip\|other.restart_ip + length\|other->restart_ip + length\)
|
  context->rip@p = context->restart_ip = \(context_sanitise(...)\|other->rip\|other->restart_ip\)
)

@sane_restart@
expression context, other;
position p;
@@
(
  context.restart_ip@p = \(context_sanitise(...)\|0\|other.rip\|other->rip\)
|
  context->restart_ip@p = \(context_sanitise(...)\|0\|other.rip\|other->rip\|other->restart_ip\)
)

@sane_base@
expression context, other;
position p;
@@
(
  context.fs_base@p = \(context_sanitise(...)\|0\|read_fs_base()\|other.fs_base\|other->fs_base\)
|
  context->fs_base@p = \(context_sanitise(...)\|0\|read_fs_base()\|other.fs_base\|other->fs_base\)
|
  context.gs_base@p = \(context_sanitise(...)\|0\|read_gs_base()\|other.gs_base\|other->gs_base\)
|
  context->gs_base@p = \(context_sanitise(...)\|0\|read_gs_base()\|other.gs_base\|other->gs_base\)
)

@written@
expression context, value;
position p != {sane.p, sane_restart.p, sane_base.p};
@@
(
  context.rip@p = value
|
  context->rip@p = value
|
  context.restart_ip@p = value
|
  context->restart_ip@p = value
|
  context.fs_base@p = value
|
  context->fs_base@p = value
|
  context.gs_base@p = value
|
  context->gs_base@p = value
)

@script:python@
p << written.p;
@@
if p[0].current_element != "context_write": # sanitises first
    print("%s:%s: goes into a context without context_sanitise()" % (p[0].file, p[0].line))
