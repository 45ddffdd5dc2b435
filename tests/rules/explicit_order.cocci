// Each access to a word that CPUs share says which order it needs (docs/locking.md has the
// reasons): no function of <stdatomic.h> that leaves it to the default, and no plain access to a
// word that is declared _Atomic.
@implicit@
identifier function = {atomic_load, atomic_store, atomic_exchange, atomic_fetch_add,
    atomic_fetch_sub, atomic_fetch_or, atomic_fetch_and, atomic_compare_exchange_strong,
    atomic_compare_exchange_weak};
position p;
@@
  function@p(...)

@script:python@
p << implicit.p;
@@
print("%s:%s: atomic access without an order" % (p[0].file, p[0].line))

@reference@
expression cpu;
identifier word = {mark, takes_nmi};
position p;
@@
  &cpu->word@p

@plain@
expression cpu;
identifier word = {mark, takes_nmi};
position p != reference.p;
@@
  cpu->word@p

@script:python@
p << plain.p;
@@
print("%s:%s: plain access to a word that CPUs share" % (p[0].file, p[0].line))
