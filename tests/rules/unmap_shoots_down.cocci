// Other CPUs may still use what a page-table entry stood for, until shoot_down() has made them
// forget it. What takes something out of a table returns a struct stale (x86/shoot_down.h), which
// the compiler does not let its caller ignore. What it cannot see: a cast to void; an entry that is
// cleared by a bare store; and an obligation that is looked at, but on no path shot down.
@initialize:python@
@@
paid_at = set()

@cast@
struct stale debt;
position p;
@@
  (void)debt@p

@script:python@
p << cast.p;
@@
print("%s:%s: an obligation to shoot down is cast away" % (p[0].file, p[0].line))

@cleared@
expression entry;
identifier function != entry_clear;
position p;
@@
function(...)
{
  <+...
  entry_write@p(entry, 0)
  ...+>
}

@script:python@
p << cleared.p;
@@
print("%s:%s: an entry is cleared and no obligation to shoot down comes of it"
      % (p[0].file, p[0].line))

@paid exists@
identifier debt;
expression what;
position p;
@@
  struct stale debt@p = what;
  ... when any
  \(shoot_down(debt)\|shoot_down_and_answer(debt, ...)\)

@script:python@
p << paid.p;
@@
paid_at.add((p[0].file, p[0].line))

@owed@
identifier debt;
expression what;
position p;
@@
  struct stale debt@p = what;

@script:python@
p << owed.p;
@@
if (p[0].file, p[0].line) not in paid_at:
    print("%s:%s: an obligation to shoot down is only looked at" % (p[0].file, p[0].line))
