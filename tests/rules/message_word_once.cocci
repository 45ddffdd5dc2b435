// A message's words lie in memory that the user may change at any time: a function that reads the
// same word twice, itself or through functions that it hands the call to, may see two different
// values, and check one while it uses the other (thesis 6.6.3). Reads in loops have no constant
// index and are left to the host tests, which change each word after it was read.
@initialize:python@
@@
words = {}   # function -> words that it reads itself
calls = {}   # function -> functions that it hands the call to
pairs = []   # function, first event, second event, place of the second
# An event is an index, or the name of a function.

def all_words(name, seen):
    found = set(words.get(name, ()))
    for callee in calls.get(name, ()):
        if callee not in seen:
            found |= all_words(callee, seen | {callee})
    return found

def words_of(event):
    return {event} if event.isdigit() else all_words(event, {event})

def report():
    for function, x, y, file, line in sorted(set(pairs)):
        twice = words_of(x) & words_of(y)
        if twice:
            again = ", ".join(sorted(twice))
            print("%s:%s: word %s read again in %s()" % (file, line, again, function))

// What ends the node does not go on.
@last@
expression call, index;
position p;
@@
  machine_exit_node(<+... message_word@p(call, index) ...+>)

@word@
expression call;
constant index;
position p;
@@
  message_word@p(call, index)

@script:python@
p << word.p;
index << word.index;
@@
words.setdefault(p[0].current_element, set()).add(str(index))

@helper@
struct invocation *call;
const struct invocation *constant_call;
identifier callee != message_word;
position p;
@@
(
  callee@p(..., call, ...)
|
  callee@p(..., constant_call, ...)
)

@script:python@
p << helper.p;
callee << helper.callee;
@@
calls.setdefault(p[0].current_element, set()).add(str(callee))

@word_word exists@
expression call;
constant first_index, second_index;
position first != last.p, second;
@@
  message_word@first(call, first_index)
  ... when any
  message_word@second(call, second_index)

@script:python@
a << word_word.first;
b << word_word.second;
x << word_word.first_index;
y << word_word.second_index;
@@
if (a[0].line, a[0].column) != (b[0].line, b[0].column):
    pairs.append((a[0].current_element, str(x), str(y), b[0].file, b[0].line))

@word_helper exists@
identifier call;
constant index;
identifier callee != message_word;
position first != last.p, second;
@@
  message_word@first(call, index)
  ... when any
  callee@second(..., call, ...)

@script:python@
a << word_helper.first;
b << word_helper.second;
x << word_helper.index;
y << word_helper.callee;
@@
pairs.append((a[0].current_element, str(x), str(y), b[0].file, b[0].line))

@helper_word exists@
identifier call;
constant index;
identifier callee != message_word;
position first != last.p, second;
@@
  callee@first(..., call, ...)
  ... when any
  message_word@second(call, index)

@script:python@
a << helper_word.first;
b << helper_word.second;
x << helper_word.callee;
y << helper_word.index;
@@
pairs.append((a[0].current_element, str(x), str(y), b[0].file, b[0].line))

@helper_helper exists@
identifier call;
identifier one != message_word, two != message_word;
position first != last.p, second;
@@
  one@first(..., call, ...)
  ... when any
  two@second(..., call, ...)

@script:python@
a << helper_helper.first;
b << helper_helper.second;
x << helper_helper.one;
y << helper_helper.two;
@@
if (a[0].line, a[0].column) != (b[0].line, b[0].column):
    pairs.append((a[0].current_element, str(x), str(y), b[0].file, b[0].line))

@finalize:python@
@@
report()
