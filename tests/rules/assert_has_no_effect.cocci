// Release builds have no assertions: what stands in one must change nothing.
@effect@
expression e, f;
position p;
@@
(
  assert@p(<+... e++ ...+>)
|
  assert@p(<+... e-- ...+>)
|
  assert@p(<+... ++e ...+>)
|
  assert@p(<+... --e ...+>)
|
  assert@p(<+... e = f ...+>)
|
  assert@p(<+... e += f ...+>)
)

@script:python@
p << effect.p;
@@
print("%s:%s: an assertion with an effect" % (p[0].file, p[0].line))
