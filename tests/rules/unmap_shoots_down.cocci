// Other CPUs may still use a page-table entry that was cleared, until shoot_down() has made them
// forget it: between the two nothing may end. A whole address space goes away by shoot_down_all(),
// or by the caller's loop over all of its entries.
@cleared@
expression entry;
position p;
@@
  entry_write@p(entry, 0)

@followed@
expression entry;
position cleared.p;
@@
  entry_write@p(entry, 0)
  ... when exists
  \(shoot_down(...)\|shoot_down_all(...)\)

@unfollowed exists@
expression entry;
position cleared.p;
@@
  entry_write@p(entry, 0)
  ... when != shoot_down(...)
      when != shoot_down_all(...)
? return ...;

@script:python depends on unfollowed@
p << cleared.p;
@@
print("%s:%s: an entry is cleared and no shoot-down follows on each path" % (p[0].file, p[0].line))
