// The words by which the CPUs of a node know of each other, and the functions that may write them:
// docs/locking.md says for each of them who writes it, and the models are about these writers.
@initialize:python@
@@
writers = {
    "mark": {"set_mark", "fill_block", "leave_to_same"},
    "current": {"make_current", "take_thread", "leave_to_other", "thread_finalise",
                "break_theorem"},
    "loaded_root": {"load_root", "leave_address_space", "fill_block"},
    "stopped": {"thread_claim", "schedule", "forget_dropped_call"},
    "woken": {"make_runnable", "dequeue", "choose", "prepare_succession"},
    "last_cpu": {"leave_to_thread", "set_affinity"},
    "root_epoch": {"forget_thread_roots", "leave_to_thread", "install_space"},
    "word": {"threshold_set", "threshold_set_priority", "threshold_replace_priority"},
}
seen = set()

@written@
expression cpu, value;
identifier word = {mark, current, loaded_root, stopped, woken, last_cpu, root_epoch, word};
position p;
@@
(
  cpu->word@p = value
|
  cpu.word@p = value
|
  cpu->threshold.word@p = value
|
  cpu->threshold.word@p |= value
|
  cpu->word@p |= value
|
  cpu->word@p &= value
|
  cpu.word@p |= value
|
  cpu.word@p &= value
|
  atomic_store_explicit(&cpu->word@p, ...)
|
  atomic_store_explicit(&cpu.word@p, ...)
)

@script:python@
p << written.p;
word << written.word;
@@
function = p[0].current_element
seen.add((str(word), function))
if function not in writers[str(word)]:
    print("%s:%s: %s() is not a writer of %s" % (p[0].file, p[0].line, function, word))

@finalize:python@
@@
for word in sorted(writers):
    for function in sorted(writers[word]):
        if (word, function) not in seen:
            print("%s() is listed as a writer of %s and does not write it" % (function, word))
