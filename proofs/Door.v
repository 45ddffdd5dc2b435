(* Running threads: what the CPUs of a node may do to them.

   Thesis: 6.4.1 (no kernel step changes a thread that is current on another CPU), 6.4.2 (current
   threads are distinct), 6.2.4 (a step changes its own CPU's local part only).

   In words: a transition relation over the events that matter: a CPU takes or releases the node's
   lock, writes its mark or its `current`, takes the thread of another CPU (which is at the door),
     or
   writes to what a running thread consists of.
     `step` says which of them are allowed in which state.
   In every run that it allows, no thread is current on two CPUs;
     nothing of a thread that is current
   on another CPU is written; and each event changes one CPU's part only, where the taking of a
   thread counts as the step of the CPU that loses it ("dropped at the door", see Lifting.v).

   Assumed: events come in the order in which stores reach memory. Bochs executes one instruction
   after the other, so there they do; what store buffers may do is the subject of
   tests/models/door.pml.

   The code it is about: arch/x86/entry, arch/x86/machine/door.c, and all that calls take_thread().
   `replay` is extracted to OCaml (Extract.v), but no run has been recorded for it yet: so far it is
   tied to nothing but the examples below. Debug kernels check the same at every exit (rules 2
   and 3). *)
From Coq Require Import List Arith Bool Lia.
Import ListNotations.

Definition cpu := nat.
Definition thread := nat.
Inductive mark := User | Door | Idle.

Inductive event :=
| TakeLock (c : cpu)
| ReleaseLock (c : cpu)
| SetMark (c : cpu) (m : mark)
| SetCurrent (c : cpu) (t : option thread) (* its own *)
| TakeThread (c d : cpu)                   (* c removes the thread of another CPU *)
| WriteThread (c : cpu) (t : thread).      (* the context, FPU area or state of a thread *)

Record state := { current : list (option thread); marks : list mark; holder : option cpu }.

Definition initial n :=
  {| current := repeat None n; marks := repeat Door n; holder := None |}.

Definition current_of s c := nth c (current s) None.
Definition mark_of s c := nth c (marks s) Door.
Definition holds s c := match holder s with Some h => Nat.eqb h c | None => false end.
Definition is_thread t (o : option thread) :=
  match o with Some u => Nat.eqb u t | None => false end.
Fixpoint put {A} (l : list A) i v :=
  match l, i with [], _ => [] | _ :: k, 0 => v :: k | x :: k, S j => x :: put k j v end.

(* No CPU but c runs t. *)
Definition only_here s c t :=
  forallb (fun d => Nat.eqb d c || negb (is_thread t (current_of s d)))
    (seq 0 (length (current s))).
Definition is_user m := match m with User => true | _ => false end.

Definition allowed s e : bool :=
  match e with
  | TakeLock c => match holder s with None => c <? length (current s) | Some _ => false end
  | ReleaseLock c => holds s c
  | SetMark c Door => negb (holds s c)
  | SetMark c User => holds s c && match current_of s c with Some _ => true | None => false end
  | SetMark c Idle => holds s c && match current_of s c with Some _ => false | None => true end
  | SetCurrent c None => holds s c
  | SetCurrent c (Some t) => holds s c && only_here s c t
  | TakeThread c d => holds s c && negb (Nat.eqb c d) && negb (is_user (mark_of s d))
  | WriteThread c t => (* with the lock; or its own thread, on the way in *)
      if holds s c then only_here s c t
      else is_thread t (current_of s c) && is_user (mark_of s c) && only_here s c t
  end.
Definition effect s e : state :=
  match e with
  | TakeLock c => {| current := current s; marks := marks s; holder := Some c |}
  | ReleaseLock _ => {| current := current s; marks := marks s; holder := None |}
  | SetMark c m => {| current := current s; marks := put (marks s) c m; holder := holder s |}
  | SetCurrent c t => {| current := put (current s) c t; marks := marks s; holder := holder s |}
  | TakeThread _ d => {| current := put (current s) d None; marks := marks s; holder := holder s |}
  | WriteThread _ _ => s
  end.
Definition step s e : option state := if allowed s e then Some (effect s e) else None.

(* The number of events that are allowed, and whether that is all of them. *)
Fixpoint replay s (es : list event) : nat * bool :=
  match es with
  | [] => (0, true)
  | e :: k =>
      match step s e with
      | None => (0, false)
      | Some t => let (n, all) := replay t k in (S n, all)
      end
  end.

Inductive run : state -> list event -> state -> Prop :=
| run_nil s : run s [] s
| run_cons s e t es u : step s e = Some t -> run t es u -> run s (e :: es) u.

Lemma replay_run es : forall s, snd (replay s es) = true -> exists t, run s es t.
Proof.
  induction es as [| e es IH]; simpl; intros s H; [exists s; constructor |].
  destruct (step s e) as [t |] eqn:E; [| discriminate].
  destruct (replay t es) as [n all] eqn:R. simpl in H. subst all.
  destruct (IH t) as (u & Ru); [now rewrite R |]. exists u. econstructor; eauto.
Qed.

Lemma nth_put {A} (l : list A) i j v d :
  nth j (put l i v) d = if Nat.eqb i j && (i <? length l) then v else nth j l d.
Proof.
  revert i j. induction l as [| x l IH]; intros i j; simpl.
  - rewrite andb_comm. destruct i, j; reflexivity.
  - destruct i, j; simpl; auto. rewrite IH. reflexivity.
Qed.
Lemma length_put {A} (l : list A) i v : length (put l i v) = length l.
Proof. revert i. induction l; intros [| i]; simpl; auto. Qed.

Lemma only_here_right s c t d : only_here s c t = true -> d <> c -> current_of s d <> Some t.
Proof.
  unfold only_here. rewrite forallb_forall. intros H N E.
  destruct (Nat.lt_ge_cases d (length (current s))) as [L | L].
  - specialize (H d). rewrite in_seq in H. specialize (H (conj (Nat.le_0_l d) L)).
    apply orb_true_iff in H as [H | H]; [apply Nat.eqb_eq in H; auto |].
    rewrite E in H. simpl in H. rewrite Nat.eqb_refl in H. discriminate.
  - unfold current_of in E. rewrite nth_overflow in E by exact L. discriminate.
Qed.

(* 6.4.2 *)
Definition distinct s := forall c d t, current_of s c = Some t -> current_of s d = Some t -> c = d.

Lemma step_distinct s e t : step s e = Some t -> distinct s -> distinct t.
Proof.
  unfold step. destruct (allowed s e) eqn:A; [| discriminate]. intros E D. injection E as <-.
  destruct e as [c | c | c m | c [u |] | c d | c u]; simpl in *; auto.
  - apply andb_true_iff in A as [_ O]. intros x y v. unfold current_of; simpl. rewrite !nth_put.
    destruct (Nat.eqb_spec c x), (Nat.eqb_spec c y), (c <? length (current s)); simpl; subst; auto;
      try (intros X Y; apply (D _ _ v); assumption).
    + intros X Y. injection X as <-. exfalso. apply (only_here_right s x u y O); auto.
    + intros X Y. injection Y as <-. exfalso. apply (only_here_right s y u x O); auto.
  - intros x y v. unfold current_of; simpl. rewrite !nth_put.
    destruct (Nat.eqb_spec c x), (Nat.eqb_spec c y), (c <? length (current s)); simpl; subst;
      try discriminate; auto; intros X Y; apply (D _ _ v); assumption.
  - intros x y v. unfold current_of; simpl. rewrite !nth_put.
    destruct (Nat.eqb_spec d x), (Nat.eqb_spec d y), (d <? length (current s)); simpl; subst;
      try discriminate; auto; intros X Y; apply (D _ _ v); assumption.
Qed.
Theorem current_threads_distinct n es s : run (initial n) es s -> distinct s.
Proof.
  assert (I : distinct (initial n)).
  { intros c d t H. unfold current_of, initial in H; simpl in H.
    destruct (Nat.lt_ge_cases c n); [| rewrite nth_overflow in H; [discriminate |
      now rewrite repeat_length]].
    rewrite nth_repeat in H. discriminate. }
  intro R. revert I. induction R as [| s e t es u St R IH]; auto. intro D.
  apply IH. exact (step_distinct _ _ _ St D).
Qed.

(* Whose step an event is: CPUs at the door are dropped by the holder, and that is their own step.
  *)
Definition cpu_of e : cpu :=
  match e with
  | TakeLock c | ReleaseLock c | SetMark c _ | SetCurrent c _ | WriteThread c _ => c
  | TakeThread _ d => d
  end.

(* 6.2.4 *)
Theorem other_cpus_unchanged s e t d : step s e = Some t -> d <> cpu_of e ->
  current_of t d = current_of s d /\ mark_of t d = mark_of s d.
Proof.
  unfold step. destruct (allowed s e); [| discriminate]. intros E N. injection E as <-.
  destruct e as [c | c | c m | c u | c x | c u]; simpl in *; auto;
    unfold current_of, mark_of; simpl; rewrite nth_put;
    match goal with |- context [Nat.eqb ?i d] => destruct (Nat.eqb_spec i d) end;
    try (subst; congruence); auto.
Qed.

(* 6.4.1 *)
Theorem running_threads_unchanged s e s' d t : step s e = Some s' -> d <> cpu_of e ->
  current_of s d = Some t -> current_of s' d = Some t /\ (forall c, e <> WriteThread c t).
Proof.
  intros St N C. split; [now rewrite (proj1 (other_cpus_unchanged _ _ _ _ St N)) |].
  intros c ->. unfold step in St. destruct (allowed s (WriteThread c t)) eqn:A; [| discriminate].
  simpl in *. destruct (holds s c).
  - apply (only_here_right s c t d A); auto.
  - apply andb_true_iff in A as [_ A]. apply (only_here_right s c t d A); auto.
Qed.

(* A thread is taken only from a CPU that is not in user mode, by the holder. *)
Theorem taken_at_the_door s c d t : step s (TakeThread c d) = Some t ->
  holder s = Some c /\ mark_of s d <> User.
Proof.
  unfold step. simpl. unfold holds. destruct (holder s) as [h |]; [| discriminate].
  destruct (Nat.eqb_spec h c); [| discriminate]. subst. simpl.
  destruct (negb (Nat.eqb c d)); [| discriminate]. simpl.
  destruct (mark_of s d) eqn:M; simpl; try discriminate; split; auto; discriminate.
Qed.

(* What must be refused. *)
Example two_cpus_run_one_thread : snd (replay (initial 2)
  [TakeLock 0; SetCurrent 0 (Some 7); SetMark 0 User; ReleaseLock 0;
   TakeLock 1; SetCurrent 1 (Some 7)]) = false.
Proof. reflexivity. Qed.
Example taken_in_user_mode : snd (replay (initial 2)
  [TakeLock 0; SetCurrent 0 (Some 7); SetMark 0 User; ReleaseLock 0;
   TakeLock 1; TakeThread 1 0]) = false.
Proof. reflexivity. Qed.
Example taken_at_the_door_and_given : snd (replay (initial 2)
  [TakeLock 0; SetCurrent 0 (Some 7); SetMark 0 User; ReleaseLock 0;
   TakeLock 1; WriteThread 0 7; SetMark 0 Door; TakeThread 1 0; WriteThread 1 7;
   SetCurrent 1 (Some 7); SetMark 1 User; ReleaseLock 1]) = true.
Proof. reflexivity. Qed.
Example written_after_the_mark : snd (replay (initial 2)
  [TakeLock 0; SetCurrent 0 (Some 7); SetMark 0 User; ReleaseLock 0;
   TakeLock 1; SetMark 0 Door; WriteThread 0 7]) = false.
Proof. reflexivity. Qed.
