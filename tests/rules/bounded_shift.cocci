// BIT(), MASK() and shifts of 64 or more are undefined: a number of bits that comes from a message
// is compared before.
@unbounded exists@
idexpression bits;
expression e;
position p, q;
@@
  bits@p = message_word(...)
  ... when != bits > e
      when != bits >= e
      when != bits < e
      when != bits <= e
      when != bits == e
(
  BIT@q(bits)
|
  MASK@q(bits)
|
  e <<@q bits
|
  e >>@q bits
)

@direct@
expression e, call, index;
position q;
@@
(
  BIT@q(message_word(call, index))
|
  MASK@q(message_word(call, index))
|
  e <<@q message_word(call, index)
|
  e >>@q message_word(call, index)
)

@script:python@
q << unbounded.q;
@@
print("%s:%s: shifts by a user's number that nothing bounds" % (q[0].file, q[0].line))

@script:python@
q << direct.q;
@@
print("%s:%s: shifts by a user's number that nothing bounds" % (q[0].file, q[0].line))
