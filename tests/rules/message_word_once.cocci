// A message's words lie in memory that the user may change at any time: a function that reads the same word twice may see two
// different values, and check one while it uses the other (thesis 6.6.3; design, "Living in a node").
@twice exists@
expression call;
constant index;
position first, second;
@@
  message_word@first(call, index)
  ... when any
  message_word@second(call, index)

@script:python@
first << twice.first;
second << twice.second;
@@
if (first[0].line, first[0].column) != (second[0].line, second[0].column):
    print("%s:%s: word read again, after line %s" % (second[0].file, second[0].line, first[0].line))
