// A place in an array that comes from a message is compared before it is used.
@unbounded exists@
typedef uint32_t;
idexpression index;
expression e, array;
position q;
@@
  index = message_word(...)
  ... when != index > e
      when != index >= e
      when != index < e
      when != index <= e
      when != index == e
(
  array[index]@q
|
  cpu_by_index@q(index)
|
  cpu_by_index@q((uint32_t)index)
)

@direct@
expression array, call, i;
position q;
@@
(
  array[message_word(call, i)]@q
|
  cpu_by_index@q(message_word(call, i))
|
  cpu_by_index@q((uint32_t)message_word(call, i))
)

@script:python@
q << unbounded.q;
@@
print("%s:%s: indexes by a user's number that nothing bounds" % (q[0].file, q[0].line))

@script:python@
q << direct.q;
@@
print("%s:%s: indexes by a user's number that nothing bounds" % (q[0].file, q[0].line))
