(* The checker of Tso.v's premises, for traces of boots.

   Thesis: definitions 5.3.3 (disjoint regions) and 5.3.5 (fences), decided; with Tso.v, 5.5.1 for
   one boot as it was.

   In words: `fenced_trace` and `disjoint_trace` decide the two premises for programs whose regions
   are lists of address ranges. What they accept has sequential semantics outside of the flag words.

   Assumed: that a trace is all that the CPUs did, in the order of each CPU's program, and that who
   reads a flag word decides nothing by it but to wait, to give up, or whose turn it is.

   The code it is about: boot, from boot_sys() until each CPU enters its kernel.
   The mechanism that ties them: the checker is extracted to OCaml (Extract.v), and tools/check-ties
   boot runs it on boots recorded in QEMU (proofs/ties/recorder.c), of fourteen cluster shapes, and
   on four broken kernels, which it must refuse. Page walkers, instruction fetches and DMA are not
   in the record; nor is what no run did. *)
From Coq Require Import List Arith NArith Bool Lia.
From CMK Require Import Tso.
Import ListNotations.

Definition range := (N * N)%type. (* [start, end) *)
Definition ranges := list range.

Inductive event :=
| Read (r : ranges) | Write (r : ranges) | Fence | Start (c : nat) (trace : list event).

Definition inside (p : paddr) (r : range) : bool := (fst r <=? p)%N && (p <? snd r)%N.
Definition covers (rs : ranges) : region := fun p => existsb (inside p) rs.

Fixpoint meaning_of (e : event) : instr :=
  match e with
  | Read r => IRead (covers r)
  | Write r => IWrite (covers r)
  | Fence => IFence
  | Start c t => IStart c (map meaning_of t)
  end.
Definition meaning (t : list event) : list instr := map meaning_of t.

(* All that a trace reads and writes, the traces of CPUs that it starts included. *)
Fixpoint read_ranges_of (e : event) : ranges :=
  match e with Read r => r | Start _ t => flat_map read_ranges_of t | _ => [] end.
Fixpoint written_ranges_of (e : event) : ranges :=
  match e with Write r => r | Start _ t => flat_map written_ranges_of t | _ => [] end.
Definition read_ranges t := flat_map read_ranges_of t.
Definition written_ranges t := flat_map written_ranges_of t.

Section Induction.
  Variable P : event -> Prop.
  Hypothesis on_read : forall r, P (Read r).
  Hypothesis on_write : forall r, P (Write r).
  Hypothesis on_fence : P Fence.
  Hypothesis on_start : forall c t, Forall P t -> P (Start c t).
  Fixpoint event_induction (e : event) : P e :=
    match e with
    | Read r => on_read r
    | Write r => on_write r
    | Fence => on_fence
    | Start c t => on_start c t
        ((fix all l : Forall P l :=
            match l with
            | [] => Forall_nil P
            | x :: k => Forall_cons x (event_induction x) (all k)
            end) t)
    end.
End Induction.

Lemma covers_in rs p : covers rs p = true <-> exists r, In r rs /\ inside p r = true.
Proof. unfold covers. rewrite existsb_exists. tauto. Qed.
Lemma covers_app a b p : covers (a ++ b) p = true <-> covers a p = true \/ covers b p = true.
Proof. unfold covers. rewrite existsb_app, orb_true_iff. tauto. Qed.

Lemma reads_of e p : reads_i (meaning_of e) p <-> covers (read_ranges_of e) p = true.
Proof.
  revert p. induction e using event_induction; intro p; simpl; try (split; [tauto | discriminate]);
    try tauto.
  rewrite (reads_start c (map meaning_of t) p).
  induction H as [| x l Hx Hl IH]; simpl.
  - split; [tauto | discriminate].
  - rewrite covers_app, <- IH, <- Hx. tauto.
Qed.
Lemma writes_of e p : writes_i (meaning_of e) p <-> covers (written_ranges_of e) p = true.
Proof.
  revert p. induction e using event_induction; intro p; simpl; try (split; [tauto | discriminate]);
    try tauto.
  rewrite (writes_start c (map meaning_of t) p).
  induction H as [| x l Hx Hl IH]; simpl.
  - split; [tauto | discriminate].
  - rewrite covers_app, <- IH, <- Hx. tauto.
Qed.
Lemma reads_trace t p : reads (meaning t) p <-> covers (read_ranges t) p = true.
Proof.
  induction t as [| e t IH]; simpl; [split; [tauto | discriminate] |].
  rewrite covers_app, reads_of, IH. tauto.
Qed.
Lemma writes_trace t p : writes (meaning t) p <-> covers (written_ranges t) p = true.
Proof.
  induction t as [| e t IH]; simpl; [split; [tauto | discriminate] |].
  rewrite covers_app, writes_of, IH. tauto.
Qed.

(* Two ranges have no address in common outside of the flags. *)
Section Flags.
  Variable flags : ranges.
  Definition is_flag (p : paddr) : Prop := covers flags p = true.

  (* What is left of a range without a flag's range; without all of them. *)
  Definition nonempty (r : range) : bool := (fst r <? snd r)%N.
  Definition without (r f : range) : ranges :=
    filter nonempty [(fst r, N.min (snd r) (fst f)); (N.max (fst r) (snd f), snd r)].
  Definition cut_flags (rs : ranges) : ranges :=
    fold_left (fun l f => flat_map (fun r => without r f) l) flags rs.

  Definition meet (a b : range) : bool :=
    (N.max (fst a) (fst b) <? N.min (snd a) (snd b))%N.
  Definition apart_ranges (a b : ranges) : bool :=
    forallb (fun r => forallb (fun s => negb (meet r s)) b) a.

  Lemma meet_false a b p : meet a b = false -> inside p a = true -> inside p b = false.
  Proof.
    unfold meet, inside. rewrite N.ltb_ge, andb_true_iff, andb_false_iff, N.leb_le, N.ltb_lt.
    rewrite N.leb_gt, N.ltb_ge. lia.
  Qed.
  Lemma nonempty_covers p l : covers (filter nonempty l) p = covers l p.
  Proof.
    unfold covers. induction l as [| r l IH]; simpl; auto.
    destruct (nonempty r) eqn:E; simpl; rewrite IH; auto.
    unfold nonempty in E. apply N.ltb_ge in E. replace (inside p r) with false; auto.
    symmetry. unfold inside. rewrite andb_false_iff, N.leb_gt, N.ltb_ge. lia.
  Qed.
  Lemma without_keeps r f p : inside p r = true -> inside p f = false ->
    covers (without r f) p = true.
  Proof.
    unfold without. rewrite nonempty_covers. unfold covers, inside; simpl.
    rewrite !andb_true_iff, andb_false_iff, !orb_true_iff, !andb_true_iff, !N.leb_le, !N.ltb_lt.
    rewrite N.leb_gt, N.ltb_ge. intros A B. destruct B as [B | B]; [left | right; left]; lia.
  Qed.
  Lemma cut_keeps p : covers flags p = false -> forall rs, covers rs p = true ->
    covers (cut_flags rs) p = true.
  Proof.
    unfold cut_flags. induction flags as [| f fs IH]; simpl; auto.
    intros N rs C. apply orb_false_iff in N as [N1 N2]. apply IH; auto.
    apply covers_in in C as (r & I & A). apply covers_in.
    pose proof (without_keeps r f p A N1) as W. apply covers_in in W as (s & J & B).
    exists s. split; auto. apply in_flat_map. eauto.
  Qed.
  Lemma apart_ranges_right a b : apart_ranges (cut_flags a) b = true ->
    apart is_flag (fun p => covers a p = true) (fun p => covers b p = true).
  Proof.
    intros H p NF A B. unfold is_flag in NF. apply not_true_iff_false in NF.
    pose proof (cut_keeps p NF a A) as C. apply covers_in in C as (r & I & C).
    apply covers_in in B as (s & J & B).
    unfold apart_ranges in H. rewrite forallb_forall in H. specialize (H r I).
      rewrite forallb_forall in H.
    specialize (H s J). apply negb_true_iff in H. rewrite (meet_false _ _ p H C) in B. discriminate.
  Qed.

  Definition starts (e : event) : bool := match e with Start _ _ => true | _ => false end.
  Definition fences (e : event) : bool := match e with Fence => true | _ => false end.

  (* 5.3.3 *)
  Fixpoint disjoint_event (e : event) : bool :=
    match e with
    | Start _ t =>
        (fix go l := match l with
           | [] => true
           | x :: k =>
               (if starts x then
                  apart_ranges (cut_flags (read_ranges k)) (written_ranges_of x) &&
                  apart_ranges (cut_flags (written_ranges k)) (read_ranges_of x)
                else true) && disjoint_event x && go k
           end) t
    | _ => true
    end.
  Definition disjoint_trace (t : list event) : bool := disjoint_event (Start 0 t).

  Lemma disjoint_event_right e : match e with
    | Start _ t => disjoint_event e = true -> disj is_flag (meaning t) | _ => True end.
  Proof.
    induction e using event_induction; auto.
    induction H as [| x l Hx Hl IH]; [constructor |].
    intro D. change ((if starts x then
        apart_ranges (cut_flags (read_ranges l)) (written_ranges_of x) &&
        apart_ranges (cut_flags (written_ranges l)) (read_ranges_of x)
      else true) && disjoint_event x && disjoint_event (Start c l) = true) in D.
    apply andb_true_iff in D as [D Dl]. apply andb_true_iff in D as [D Dx]. apply IH in Dl.
    destruct x as [r | r | | d s]; simpl in *; try (constructor; exact Dl).
    apply andb_true_iff in D as [D1 D2]. constructor; auto.
    - intros p NF R W. apply (apart_ranges_right _ _ D1 p NF);
        [apply reads_trace, R | apply writes_trace, W].
    - intros p NF W R. apply (apart_ranges_right _ _ D2 p NF);
        [apply writes_trace, W | apply reads_trace, R].
  Qed.

  (* 5.3.5 *)
  Fixpoint fenced_event (e : event) : bool :=
    match e with
    | Start _ t =>
        (fix go (after_fence : bool) l := match l with
           | [] => true
           | x :: k =>
               (if starts x then after_fence else true) && fenced_event x && go (fences x) k
           end) false t
    | _ => true
    end.
  Definition fenced_trace (t : list event) : bool := fenced_event (Start 0 t).

  Definition fence_first (after_fence : bool) (l : list instr) :=
    if after_fence then IFence :: l else l.
  Lemma fenced_event_right e : match e with
    | Start _ t => fenced_event e = true -> fenced (meaning t) | _ => True end.
  Proof.
    induction e using event_induction; auto.
    change (fenced_event (Start c t) = true -> fenced (fence_first false (meaning t))).
    cbn -[fence_first meaning]. generalize false.
    induction H as [| x l Hx Hl IH]; intros after D;
      [destruct after; repeat constructor |].
    apply andb_true_iff in D as [D Dl]. apply andb_true_iff in D as [A Dx]. apply IH in Dl.
    destruct x as [r | r | | d s]; simpl in *.
    - destruct after; simpl; [apply f_fence |]; apply f_read; exact Dl.
    - destruct after; simpl; [apply f_fence |]; apply f_write; exact Dl.
    - destruct after; simpl; [apply f_fence |]; exact Dl.
    - subst after. simpl. apply f_start; [exact (Hx Dx) | exact Dl].
  Qed.

  Theorem accepted_boot_is_sequential c t s :
    fenced_trace t = true -> disjoint_trace t = true ->
    reach (init c (meaning t)) s -> seq_sem is_flag (al s).
  Proof.
    intros Fe D R. apply (sequential_semantics is_flag c (meaning t)); auto.
    - apply (fenced_event_right (Start 0 t) Fe).
    - apply (disjoint_event_right (Start 0 t) D).
  Qed.
End Flags.

(* What the checker must refuse: a start without a fence, or with a store after it; a program that
   writes what its starter reads later. And flag words, which it must let pass. *)
Example no_fence : fenced_trace [Write [(0, 8)%N]; Start 1 []] = false.
Proof. reflexivity. Qed.
Example store_after_the_fence : fenced_trace [Fence; Write [(0, 8)%N]; Start 1 []] = false.
Proof. reflexivity. Qed.
Example written_by_the_started :
  disjoint_trace [] [Fence; Start 1 [Write [(64, 72)%N]]; Read [(70, 71)%N]] = false.
Proof. reflexivity. Qed.
Example written_by_the_starter :
  disjoint_trace [] [Fence; Start 1 [Read [(64, 72)%N]]; Write [(70, 71)%N]] = false.
Proof. reflexivity. Qed.
Example a_flag_word :
  disjoint_trace [(64, 72)%N] [Fence; Start 1 [Write [(64, 72)%N]]; Read [(70, 71)%N]] = true.
Proof. reflexivity. Qed.
