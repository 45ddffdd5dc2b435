(* No CPU idles for long while another has threads to spare.

   Source: Lepers et al., Towards Proving Optimistic Multicore Schedulers (HotOS 2017): lemma 1, the
   potential function, and the counterexample. Not in the thesis.

   In words. Filter, choose, steal: each CPU looks at the loads of the others without a lock,
     chooses
   any one that its filter lets pass, and later, under locks, steals one thread if the filter still
   holds. For every filter that wants a difference of two at least, and lets an idle CPU steal from
   every overloaded one: in each run of rounds, one of the first d / 4 + 1 rounds steals nothing,
     and
   from its end on no CPU is idle while another is overloaded. d is the sum of all differences of
   loads when the run begins. For the filter "the other one is overloaded" this is false.
   Shared queue: an exit that calls CPUs as long as threads wait leaves no CPU idle and uncalled
   unless enough are on their way.

   Assumed: threads neither come nor go while CPUs balance. A steal is atomic; looks are not.

   The code: the shared queue is kernel/scheduling/scheduler.c, call_cpus_for_shared() (balance=on).
   Filter, choose, steal is in no kernel of this tree: it is what a policy would have to keep. Ties:
   tests/models/balance.pml, whose mutants leave out a call; check_idle_cpus() in debug kernels. *)
From Coq Require Import List Arith Bool Lia.
Import ListNotations.

(* --- sums over the CPUs 0 .. n-1 --- *)

Fixpoint sum (n : nat) (f : nat -> nat) : nat :=
  match n with 0 => 0 | S k => f k + sum k f end.

Lemma sum_le n f g : (forall i, i < n -> f i <= g i) -> sum n f <= sum n g.
Proof. induction n; simpl; intro H; auto. specialize (IHn (fun i L => H i (Nat.lt_lt_succ_r _ _
  L))).
  specialize (H n (Nat.lt_succ_diag_r n)). lia. Qed.
Lemma sum_eq n f g : (forall i, i < n -> f i = g i) -> sum n f = sum n g.
Proof. intro H. apply Nat.le_antisymm; apply sum_le; intros; rewrite H; auto. Qed.
Definition but (a : nat) (f : nat -> nat) i := if Nat.eqb i a then 0 else f i.
Lemma sum_but n f a : a < n -> sum n f = f a + sum n (but a f).
Proof.
  induction n; simpl; intro L; [lia |]. unfold but at 1. destruct (Nat.eqb_spec n a).
  - subst. assert (sum a (but a f) = sum a f); [| lia].
    apply sum_eq. intros i Li. unfold but. destruct (Nat.eqb_spec i a); [lia | auto].
  - rewrite IHn by lia. lia.
Qed.
Definition but_two a b f := but b (but a f).
Lemma sum_but_two n f a b : a < n -> b < n -> a <> b ->
  sum n f = f a + f b + sum n (but_two a b f).
Proof.
  intros A B N. rewrite (sum_but n f a A), (sum_but n (but a f) b B).
  unfold but at 1. destruct (Nat.eqb_spec b a); [congruence |]. unfold but_two. lia.
Qed.

(* --- loads and steals --- *)

Definition loads := nat -> nat.
Definition idle (x : loads) i := x i = 0.
Definition overloaded (x : loads) i := 2 <= x i.
Definition move (x : loads) a b : loads := (* a thread goes from b to a *)
  fun i => if Nat.eqb i a then x a + 1 else if Nat.eqb i b then x b - 1 else x i.

Definition distance a b := (a - b) + (b - a).
Definition potential n (x : loads) := sum n (fun i => sum n (fun k => distance (x i) (x k))).

Lemma move_thief x a b : move x a b a = x a + 1.
Proof. unfold move. now rewrite Nat.eqb_refl. Qed.
Lemma move_victim x a b : a <> b -> move x a b b = x b - 1.
Proof. intro N. unfold move. destruct (Nat.eqb_spec b a); [congruence |]. now rewrite Nat.eqb_refl.
  Qed.
Lemma move_other x a b i : i <> a -> i <> b -> move x a b i = x i.
Proof.
  intros A B. unfold move. destruct (Nat.eqb_spec i a), (Nat.eqb_spec i b); congruence.
Qed.

Lemma two_distances a b c : a + 2 <= b ->
  distance (a + 1) c + distance (b - 1) c <= distance a c + distance b c.
Proof. unfold distance. lia. Qed.
Lemma distance_sym a b : distance a b = distance b a.
Proof. unfold distance. lia. Qed.

(* Each steal makes the potential smaller, by 4 at least. *)
Theorem potential_decreases n x a b : a < n -> b < n -> x a + 2 <= x b ->
  potential n (move x a b) + 4 <= potential n x.
Proof.
  intros A B D. assert (N : a <> b) by (intro; subst; lia). unfold potential.
  set (row := fun y i => sum n (fun k => distance (y i) (y k))).
  change (sum n (row (move x a b)) + 4 <= sum n (row x)).
  assert (Row : forall y i, row y i = distance (y i) (y a) + distance (y i) (y b) +
      sum n (but_two a b (fun k => distance (y i) (y k)))).
  { intros y i. unfold row. rewrite (sum_but_two n _ a b) by assumption. reflexivity. }
  rewrite (sum_but_two n (row (move x a b)) a b), (sum_but_two n (row x) a b) by assumption.
  assert (Others : sum n (but_two a b (row (move x a b))) <= sum n (but_two a b (row x))).
  { apply sum_le. intros i L. unfold but_two, but. destruct (Nat.eqb_spec i b); auto.
    destruct (Nat.eqb_spec i a); auto. rewrite !Row, move_thief, move_victim, move_other by auto.
    assert (E : sum n (but_two a b (fun k => distance (x i) (move x a b k))) =
        sum n (but_two a b (fun k => distance (x i) (x k)))).
    { apply sum_eq. intros k K. unfold but_two, but. destruct (Nat.eqb_spec k b); auto.
      destruct (Nat.eqb_spec k a); auto. now rewrite move_other. }
    rewrite E. pose proof (two_distances (x a) (x b) (x i) D).
    rewrite !(distance_sym (x i)). lia. }
  assert (Two : row (move x a b) a + row (move x a b) b + 4 <= row x a + row x b).
  { rewrite !Row, !move_thief, !move_victim by auto.
    assert (E : sum n (but_two a b (fun k => distance (x a + 1) (move x a b k))) +
          sum n (but_two a b (fun k => distance (x b - 1) (move x a b k))) <=
        sum n (but_two a b (fun k => distance (x a) (x k))) +
          sum n (but_two a b (fun k => distance (x b) (x k)))).
    { assert (P : forall f g, sum n f + sum n g = sum n (fun k => f k + g k)).
      { intros f g. clear. induction n; simpl; auto. lia. }
      rewrite !P. apply sum_le. intros k K. unfold but_two, but.
      destruct (Nat.eqb_spec k b); [lia |]. destruct (Nat.eqb_spec k a); [lia |].
      rewrite move_other by auto. apply two_distances. exact D. }
    unfold distance in *. lia. }
  lia.
Qed.

(* --- policies --- *)

Section Policy.
  Variable n : nat.
  Variable filter : nat -> nat -> bool. (* own load, the other's load *)
  Hypothesis wants_two : forall own other, filter own other = true -> own + 2 <= other.
  Hypothesis idle_may : forall other, 2 <= other -> filter 0 other = true.

  (* Lemma 1 of the paper, and that a victim does not become idle. *)
  Theorem lemma_1 x thief : idle x thief ->
    ((exists v, v < n /\ overloaded x v) ->
      exists v, v < n /\ filter (x thief) (x v) = true) /\
    (forall v, filter (x thief) (x v) = true -> overloaded x v /\ 0 < x v - 1).
  Proof.
    unfold idle, overloaded. intro I. rewrite I. split.
    - intros (v & L & O). eauto.
    - intros v F. apply wants_two in F. lia.
  Qed.

  (* What CPUs do in a round, interleaved as they like. *)
  Inductive event := Look (i : nat) | Steal (i : nat).
  Definition choices := nat -> option nat. (* whom each CPU means to steal from *)
  Definition set (p : choices) i v : choices := fun k => if Nat.eqb k i then v else p k.
  Record system := { load : loads; choice : choices }.

  (* The boolean says whether a thread moved. *)
  Inductive step : system -> event -> bool -> system -> Prop :=
  | look_some x p i v : v < n -> v <> i -> filter (x i) (x v) = true ->
      step {| load := x; choice := p |} (Look i) false {| load := x; choice := set p i (Some v) |}
  | look_none x p i : (forall v, v < n -> v <> i -> filter (x i) (x v) = false) ->
      step {| load := x; choice := p |} (Look i) false {| load := x; choice := set p i None |}
  | steal x p i v : i < n -> v < n -> p i = Some v -> filter (x i) (x v) = true ->
      step {| load := x; choice := p |} (Steal i) true {| load := move x i v; choice := p |}
  | steal_fails x p i v : p i = Some v -> filter (x i) (x v) = false ->
      step {| load := x; choice := p |} (Steal i) false {| load := x; choice := p |}
  | steal_nothing x p i : p i = None ->
      step {| load := x; choice := p |} (Steal i) false {| load := x; choice := p |}.

  (* A run of events, with the number of threads that moved. *)
  Inductive run : system -> list event -> nat -> system -> Prop :=
  | run_nil s : run s [] 0 s
  | run_cons s e b t es m u : step s e b t -> run t es m u ->
      run s (e :: es) (Nat.b2n b + m) u.

  (* In a round each CPU looks, and then tries what it chose. *)
  Definition round (es : list event) : Prop := forall i, i < n ->
    exists before between after, es = before ++ Look i :: between ++ Steal i :: after /\
      ~ In (Look i) between.

  (* P2: with every thread that moves the potential shrinks. *)
  Lemma run_potential s es m t : run s es m t ->
    potential n (load t) + 4 * m <= potential n (load s).
  Proof.
    induction 1 as [| s e b t es m u St R IH]; [lia |]. destruct St; simpl in *; try lia.
    pose proof (potential_decreases n x i v H H0 (wants_two _ _ H2)). lia.
  Qed.

  Lemma run_app s es fs m t : run s (es ++ fs) m t ->
    exists k l u, run s es k u /\ run u fs l t /\ m = k + l.
  Proof.
    revert s m. induction es as [| e es IH]; simpl; intros s m R.
    - exists 0, m, s. repeat split; auto. constructor.
    - inversion R as [| ? ? b t' ? m' ? St R']; subst. apply IH in R' as (k & l & u & A & B & C).
      exists (Nat.b2n b + k), l, u. repeat split; auto; [econstructor; eauto | lia].
  Qed.
  Lemma quiet_load_m s es m t : run s es m t -> m = 0 -> load t = load s.
  Proof.
    induction 1 as [| s e b t es m u St R IH]; auto. intro E.
    destruct b; [discriminate |]. rewrite IH by exact E. inversion St; reflexivity.
  Qed.
  Lemma quiet_load s es t : run s es 0 t -> load t = load s.
  Proof. intro R. now apply (quiet_load_m _ _ _ _ R). Qed.
  Lemma choice_stays s es m t i : run s es m t -> ~ In (Look i) es -> choice t i = choice s i.
  Proof.
    induction 1 as [| s e b t es m u St R IH]; intro N; auto.
      rewrite IH by (intro; apply N; now right).
    destruct St; simpl; auto; unfold set; destruct (Nat.eqb_spec i i0); auto;
      subst; exfalso; apply N; now left.
  Qed.

  (* P1, for a round: where nothing moves, no attempt fails, because nothing was there to steal. *)
  Theorem quiet_round_finds_nothing s es t : round es -> run s es 0 t ->
    forall i v, i < n -> v < n -> filter (load t i) (load t v) = false.
  Proof.
    intros Ro R i v I V. destruct (Ro i I) as (before & between & after & -> & N).
    pose proof (quiet_load _ _ _ R) as Same. rewrite Same.
    apply run_app in R as (k & l & u & R1 & R2 & Z). assert (k = 0 /\ l = 0) as (-> & ->) by lia.
    apply quiet_load in R1. inversion R2 as [| ? ? b u' ? m ? St R3 E0]; subst.
    destruct b; [discriminate |]. simpl in *. subst m.
    apply run_app in R3 as (k & l & w & R4 & R5 & Z3). assert (k = 0 /\ l = 0) as (-> & ->) by lia.
    pose proof (quiet_load _ _ _ R4) as L4. pose proof (choice_stays _ _ _ _ _ R4 N) as C4.
    inversion R5 as [| ? ? b5 w' ? m5 ? St5 R6]; subst. destruct b5; [discriminate |].
    inversion St; subst; simpl in *.
    - unfold set in C4. rewrite Nat.eqb_refl in C4.
      inversion St5; subst; simpl in *; congruence.
    - rewrite <- R1. destruct (Nat.eq_dec v i) as [-> | Other]; [| auto].
      destruct (filter (x i) (x i)) eqn:F; auto. apply wants_two in F. lia.
  Qed.

  Definition conserved (x : loads) := forall i v, i < n -> v < n ->
    idle x i -> ~ overloaded x v.

  (* Rounds one after the other, each with what it moved. *)
  Inductive rounds : system -> list nat -> system -> Prop :=
  | rounds_nil s : rounds s [] s
  | rounds_cons s es m t ms u : round es -> run s es m t -> rounds t ms u ->
      rounds s (m :: ms) u.

  Lemma stuck_stays s es m t : (forall i v, i < n -> v < n -> filter (load s i) (load s v) = false)
    ->
    run s es m t -> load t = load s.
  Proof.
    intros F R. revert F. induction R as [| s e b t es m u St R IH]; intro F; auto.
    destruct St; simpl in *; try (apply IH; exact F). now rewrite F in H2.
  Qed.
  Lemma stuck_rounds s ms t : (forall i v, i < n -> v < n -> filter (load s i) (load s v) = false)
    ->
    rounds s ms t -> load t = load s.
  Proof.
    intros F R. revert F. induction R as [| s es m t ms u Ro Ru R IH]; intro F; auto.
    pose proof (stuck_stays _ _ _ _ F Ru) as E. rewrite IH; auto. now rewrite E.
  Qed.

  (* Work conservation, with the number of rounds. *)
  Theorem work_conserving s ms t : rounds s ms t ->
    potential n (load s) < 4 * length ms -> conserved (load t).
  Proof.
    induction 1 as [| s es m t ms u Ro Ru R IH]; simpl; intro P; [lia |].
    destruct m.
    - pose proof (quiet_round_finds_nothing _ _ _ Ro Ru) as F.
      rewrite (stuck_rounds _ _ _ F R). intros i v I V Z O. specialize (F i v I V).
      unfold idle, overloaded in *. rewrite Z, (idle_may _ O) in F. discriminate.
    - apply IH. apply run_potential in Ru. lia.
  Qed.
End Policy.

(* The usual filter keeps the hypotheses. *)
Definition differs_by_two own other := own + 2 <=? other.
Corollary difference_is_work_conserving n s ms t : rounds n differs_by_two s ms t ->
  potential n (load s) < 4 * length ms -> conserved n (load t).
Proof.
  apply work_conserving; unfold differs_by_two; intros; [now apply Nat.leb_le in H |].
  now apply Nat.leb_le.
Qed.

(* The counterexample: "the other one is overloaded". CPU 0 stays idle for ever: after any number of
   rounds there is a run in which its attempt failed each time, and one of the others has two. *)
Definition only_overloaded (own other : nat) := 2 <=? other.
Definition three a b c : loads := fun i => match i with 0 => a | 1 => b | 2 => c | _ => 0 end.

Definition loads_are (s : system) a b c := forall i, i < 3 -> load s i = three a b c i.
Lemma step_first n f s e b t es m u :
  step n f s e b t -> run n f t es m u -> run n f s (e :: es) (Nat.b2n b + m) u.
Proof. econstructor; eauto. Qed.

Lemma run_eq n f s es m k t : run n f s es m t -> m = k -> run n f s es k t.
Proof. now intros R <-. Qed.

Ltac filter_holds := unfold only_overloaded, move; simpl;
  match goal with
  | A : ?x 0 = _, B : ?x 1 = _, C : ?x 2 = _ |- _ => rewrite ?A, ?B, ?C; reflexivity
  end.
Ltac no_victim :=
  let v := fresh in let L := fresh in let N := fresh in
  intros v L N; unfold only_overloaded;
  match goal with
  | A : ?x 0 = _, B : ?x 1 = _, C : ?x 2 = _ |- _ =>
      destruct v as [| [| [| v]]]; simpl; rewrite ?A, ?B, ?C; auto; lia
  end.

(* CPUs 0 and `thief` choose `victim`; `thief` is faster. *)
Lemma bad_round s thief victim a b c : (thief = 1 /\ victim = 2 /\ (a, b, c) = (0, 1, 2)) \/
    (thief = 2 /\ victim = 1 /\ (a, b, c) = (0, 2, 1)) -> loads_are s a b c ->
  exists es t, round 3 es /\ run 3 only_overloaded s es 1 t /\ loads_are t a c b.
Proof.
  intros W L. destruct s as [x p].
  exists [Look 0; Look thief; Look victim; Steal thief; Steal victim; Steal 0].
  assert (X : x 0 = a /\ x 1 = b /\ x 2 = c)
    by (repeat split; [apply (L 0) | apply (L 1) | apply (L 2)]; lia).
  destruct X as (X0 & X1 & X2).
  set (p3 := set (set (set p 0 (Some victim)) thief (Some victim)) victim None).
  exists {| load := move x thief victim; choice := p3 |}. simpl in *.
  assert (R : round 3 [Look 0; Look thief; Look victim; Steal thief; Steal victim; Steal 0]).
  { intros i I. destruct W as [(-> & -> & _) | (-> & -> & _)];
      (destruct i as [| [| [| i]]]; [| | | lia]).
    - exists [], [Look 1; Look 2; Steal 1; Steal 2], []. split; auto. simpl. intuition discriminate.
    - exists [Look 0], [Look 2], [Steal 2; Steal 0]. split; auto. simpl. intuition discriminate.
    - exists [Look 0; Look 1], [Steal 1], [Steal 0]. split; auto. simpl. intuition discriminate.
    - exists [], [Look 2; Look 1; Steal 2; Steal 1], []. split; auto. simpl. intuition discriminate.
    - exists [Look 0; Look 2], [Steal 2], [Steal 0]. split; auto. simpl. intuition discriminate.
    - exists [Look 0], [Look 1], [Steal 1; Steal 0]. split; auto. simpl. intuition discriminate. }
  split; [exact R |]. split.
  - destruct W as [(-> & -> & E) | (-> & -> & E)]; injection E as -> -> ->.
    + eapply run_eq.
      { eapply step_first; [apply look_some with (v := 2); [lia | lia | filter_holds] |].
      eapply step_first; [apply look_some with (v := 2); [lia | lia | filter_holds] |].
      eapply step_first; [apply look_none; no_victim |].
      eapply step_first; [apply steal with (v := 2); [lia | lia | reflexivity | filter_holds] |].
      eapply step_first; [apply steal_nothing; reflexivity |].
      eapply step_first; [apply steal_fails with (v := 2); [reflexivity | filter_holds] |].
      apply run_nil. }
      reflexivity.
    + eapply run_eq.
      { eapply step_first; [apply look_some with (v := 1); [lia | lia | filter_holds] |].
      eapply step_first; [apply look_some with (v := 1); [lia | lia | filter_holds] |].
      eapply step_first; [apply look_none; no_victim |].
      eapply step_first; [apply steal with (v := 1); [lia | lia | reflexivity | filter_holds] |].
      eapply step_first; [apply steal_nothing; reflexivity |].
      eapply step_first; [apply steal_fails with (v := 1); [reflexivity | filter_holds] |].
      apply run_nil. }
      reflexivity.
  - intros i I. destruct W as [(-> & -> & E) | (-> & -> & E)]; injection E as -> -> ->;
      (destruct i as [| [| [| i]]]; [| | | lia]); unfold move; simpl; rewrite ?X0, ?X1, ?X2; auto.
Qed.

Theorem overloaded_filter_is_not_work_conserving k : forall s, loads_are s 0 1 2 ->
  exists ms t, length ms = 2 * k /\ rounds 3 only_overloaded s ms t /\ ~ conserved 3 (load t).
Proof.
  induction k; intros s L.
  - exists [], s. repeat split; [constructor |]. intro C.
    apply (C 0 2); unfold idle, overloaded; rewrite ?L by lia; simpl; lia.
  - destruct (bad_round s 1 2 0 1 2) as (es & t & Ro & Ru & Lt); auto.
    destruct (bad_round t 2 1 0 2 1) as (fs & u & Ro2 & Ru2 & Lu); auto.
    destruct (IHk u Lu) as (ms & w & E & R & C). exists (1 :: 1 :: ms), w. simpl.
      repeat split; auto.
    + lia.
    + econstructor; [exact Ro | exact Ru |]. econstructor; [exact Ro2 | exact Ru2 | exact R].
Qed.

(* --- the shared queue of balance=on --- *)

(* What an exit sees of the other CPUs: `coming` are called, or at the door without a thread; `free`
   are idle and not called. call_cpus_for_shared() calls one after the other. *)
Fixpoint call_cpus (coming free waiting : nat) : nat * nat :=
  match free with
  | 0 => (coming, 0)
  | S k => if coming <? waiting then call_cpus (S coming) k waiting else (coming, S k)
  end.
Theorem shared_queue_is_work_conserving free : forall coming waiting,
  let '(coming', free') := call_cpus coming free waiting in
  free' = 0 \/ waiting <= coming'.
Proof.
  induction free; simpl; intros coming waiting; auto.
  destruct (Nat.ltb_spec coming waiting); [apply IHfree | right; lia].
Qed.
