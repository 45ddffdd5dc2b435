// A thread's state changes by set_thread_state(), which tells the rule checks of it. The exit's own
// step from RESTART to RUNNING is the one exception, and the debug mutants, which break rules on
// purpose.
@initialize:python@
@@
exceptions = {"set_thread_state", "schedule", "prepare_succession", "break_theorem", "break_queues"}

@written@
struct tcb *thread;
expression value;
position p;
@@
  thread->state@p = value

@script:python@
p << written.p;
@@
if p[0].current_element not in exceptions:
    print("%s:%s: a thread's state is written past set_thread_state()" % (p[0].file, p[0].line))
