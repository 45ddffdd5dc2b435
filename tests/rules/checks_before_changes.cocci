// An invocation checks everything before it changes anything (kernel/invocation.h): no function
// refuses after it has written a capability or a page-table entry, so that a call that is refused
// has no effect.
@changed@
expression slot, value, entry;
position p;
@@
(
  slot->capability@p = value
|
  insert_new@p(...)
|
  insert_copy@p(...)
|
  irq_issue@p(...)
|
  \(entry_write@p(entry, value)\|entry_clear@p(entry, value)\|replace_entry@p(entry, ...)\)
)

@refused exists@
expression slot, value, entry;
identifier refusal =~ "^(vspace_)?refuse";
position changed.p, q;
@@
(
  slot->capability@p = value
|
  insert_new@p(...)
|
  insert_copy@p(...)
|
  irq_issue@p(...)
|
  \(entry_write@p(entry, value)\|entry_clear@p(entry, value)\|replace_entry@p(entry, ...)\)
)
  ... when any
  refusal@q(...)

@script:python@
p << changed.p;
q << refused.q;
@@
print("%s:%s: refuses after the change in line %s" % (q[0].file, q[0].line, p[0].line))
