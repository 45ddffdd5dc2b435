// An IPC buffer is written by its users while the kernel looks at it: it is read by
// read_user_word(), once, and written by an atomic store, so that the compiler neither repeats nor
// splits an access.
@plain exists@
local idexpression words;
expression index, e;
position p;
@@
(
  words = arch_ipc_buffer(...)
|
  words = ipc_buffer_in(...)
)
  ... when any
      when != words = e
(
  &words[index]
|
  words[index]@p
)

@script:python@
p << plain.p;
@@
print("%s:%s: a plain access to a user's memory" % (p[0].file, p[0].line))

@message@
struct invocation *call;
expression place;
position p;
@@
(
  read_user_word(&call->buffer[place])
|
  (call->buffer)[place]@p
)

@script:python@
p << message.p;
@@
print("%s:%s: a plain access to a user's memory" % (p[0].file, p[0].line))
