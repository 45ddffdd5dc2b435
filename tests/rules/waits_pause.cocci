// A loop that waits for another CPU tells the processor so (spin_pause(), or a wait of its own):
// otherwise it takes the other thread of its core the time, and in an emulator the other CPU its
// turn.
@waiting@
expression word, order;
position p;
statement s;
@@
(
  while@p (<+... atomic_load_explicit(word, order) ...+>) s
|
  while@p (<+... is_in_user_mode(...) ...+>) s
|
  while@p (<+... atomic_compare_exchange_strong_explicit(...) ...+>) s
|
  while@p (<+... read_tsc() ...+>) s
)

@pausing@
position waiting.p;
expression e;
@@
  while@p (e) { <+... \(spin_pause()\|delay_microseconds(...)\|firmware_wait(...)\) ...+> }

@script:python depends on waiting && !pausing@
p << waiting.p;
@@
print("%s:%s: waits without spin_pause()" % (p[0].file, p[0].line))
