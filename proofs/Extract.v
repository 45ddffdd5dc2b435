(* The functions that check the running code, as OCaml.

   Not in the thesis. In words: each file below holds what one theorem file proves right.

   Assumed: Coq's extraction, OCaml's compiler, and that nat and N may be OCaml's integers of 63
     bits:
   the programs in proofs/ties read nothing greater than 2^52.

   The code: proofs/ties, which feeds them, and tools/check-proofs, which builds them. *)
From Coq Require Import NArith ExtrOcamlBasic ExtrOcamlNatInt ExtrOcamlZInt.
From CMK Require Import BootTrace Door Isolation Planner.

Extract Inlined Constant N.eqb => "(=)".
Extract Inlined Constant N.leb => "(<=)".
Extract Inlined Constant N.ltb => "(<)".

Extraction "planner_functions.ml" Planner.take Planner.plan_ok.
Extraction "isolation_functions.ml"
  Isolation.check_node Isolation.plan_apart Isolation.check_frames Isolation.expected_frames.
Extraction "boot_functions.ml" BootTrace.fenced_trace BootTrace.disjoint_trace.
Extraction "door_functions.ml" Door.replay Door.initial.
