(* From one CPU to several: refinement and invariants, lifted.

   Thesis: definitions 2.2.1-2.2.9, 6.2.1-6.2.15; theorems 2.2.4, 2.2.6, 2.2.9, 6.2.7 (refinement
   lifting), 6.2.12, 6.2.14 and 6.2.15 (invariant lifting).

   In words: an automaton of one CPU whose state is local and shared parts becomes one of many CPUs,
   which step one at a time, each with a local part of its own.
     If the concrete automaton refines the
   abstract one by a relation that splits into a local and a shared part, then so do the lifted
     ones;
   and an invariant that splits is kept, together with others that do not split but are kept.

   What the door adds. In the thesis a step of a CPU changes no other CPU's local part (6.2.4). Here
   the holder of the lock takes the threads of CPUs at the door, whose system calls are dropped.
     Such
   a step is "dropped" steps of those CPUs, each of which deschedules itself, and then the holder's
   own: a compound step. The theorems hold for compound steps as well.

   Assumed: steps are atomic, or do not interfere: what the lock and the door are for, and what
   tests/models/door.pml checks for two CPUs and parts of three.

   The code it is about: any kernel with one lock. Door.v says which steps this kernel's CPUs
   should make. *)
From Coq Require Import List Relations.
Import ListNotations.
Set Implicit Arguments.

Definition set (A : Type) := A -> Prop.
Definition rel (A B : Type) := A -> B -> Prop.
Definition subset A (X Y : set A) := forall a, X a -> Y a.
Definition image A B (R : rel A B) (X : set A) : set B := fun b => exists a, X a /\ R a b.

(* --- automata and refinement (2.2) --- *)

Record automaton (priv obs name : Type) := {
  Init : set priv;
  Step : name -> rel priv priv;
  Fin : priv -> obs }.

(* What can be observed is compared by `sees`: equality, or equality on each CPU. *)
Section Refinement.
  Variables obs name : Type.
  Variable sees : rel obs obs.
  Hypothesis sees_transitive : forall a b c, sees a b -> sees b c -> sees a c.

  Fixpoint steps priv (d : name -> rel priv priv) (S : set priv) (js : list name) : set priv :=
    match js with [] => S | j :: k => steps d (image (d j) S) k end.
  Definition execution priv (A : automaton priv obs name) js : set obs :=
    fun o => exists s, steps (Step A) (Init A) js s /\ sees o (Fin A s).

  (* 2.2.3 *)
  Definition refines p q (C : automaton p obs name) (A : automaton q obs name) :=
    forall js, subset (execution C js) (execution A js).

  Theorem refines_transitive p q r (C : automaton p obs name) (B : automaton q obs name)
      (A : automaton r obs name) : refines C B -> refines B A -> refines C A.
  Proof. intros H K js o X. exact (K js o (H js o X)). Qed.

  (* 2.2.5 *)
  Record forward_simulation p q (A : automaton q obs name) (C : automaton p obs name)
      (R : rel q p) : Prop := {
    sim_init : forall c, Init C c -> exists a, Init A a /\ R a c;
    sim_step : forall j a c c', R a c -> Step C j c c' -> exists a', Step A j a a' /\ R a' c';
    sim_fin : forall a c, R a c -> sees (Fin C c) (Fin A a) }.

  Lemma simulated_steps p q (A : automaton q obs name) (C : automaton p obs name) R :
    forward_simulation A C R -> forall js (X : set p) (Y : set q),
    (forall c, X c -> exists a, Y a /\ R a c) ->
    forall c, steps (Step C) X js c -> exists a, steps (Step A) Y js a /\ R a c.
  Proof.
    intros [F0 F1 F2] js. induction js as [| j js IH]; simpl; intros X Y H; auto.
    apply IH. intros c' (c & Xc & St). destruct (H c Xc) as (a & Ya & Ra).
    destruct (F1 j a c c' Ra St) as (a' & Sa & Ra'). exists a'. split; auto. exists a. auto.
  Qed.

  (* 2.2.6 *)
  Theorem simulation_refines p q (A : automaton q obs name) (C : automaton p obs name) R :
    forward_simulation A C R -> refines C A.
  Proof.
    intros F js o (c & X & O). pose proof F as [F0 F1 F2].
    destruct (simulated_steps F js (Init C) (Init A) F0 c X) as (a & Y & Ra).
    exists a. split; auto. exact (sees_transitive O (F2 a c Ra)).
  Qed.

  (* 2.2.7 *)
  Definition invariant p (A : automaton p obs name) (I : set p) :=
    subset (Init A) I /\ forall j a b, I a -> Step A j a b -> I b.

  (* 2.2.8 *)
  Record simulation_with p q (A : automaton q obs name) (C : automaton p obs name) (R : rel q p)
      (I : rel q p) : Prop := {
    with_init : forall c, Init C c -> exists a, Init A a /\ R a c;
    with_step : forall j a c c', R a c -> I a c -> Step C j c c' ->
      exists a', Step A j a a' /\ R a' c';
    with_fin : forall a c, R a c -> I a c -> sees (Fin C c) (Fin A a) }.
  Definition both p q (Ia : set q) (Ic : set p) : rel q p := fun a c => Ia a /\ Ic c.

  (* 2.2.9 *)
  Theorem simulation_with_invariants p q (A : automaton q obs name) (C : automaton p obs name) R
      Ia Ic : invariant A Ia -> invariant C Ic -> simulation_with A C R (both Ia Ic) ->
    forward_simulation A C (fun a c => R a c /\ Ia a /\ Ic c).
  Proof.
    intros (A0 & A1) (C0 & C1) [F0 F1 F2]. split.
    - intros c X. destruct (F0 c X) as (a & Y & Ra). exists a. auto 6.
    - intros j a c c' (Ra & Xa & Xc) St.
      destruct (F1 j a c c' Ra (conj Xa Xc) St) as (a' & Sa & Ra'). exists a'. eauto 7.
    - intros a c (Ra & Xa & Xc). apply (F2 a c Ra). split; auto.
  Qed.
  Corollary refines_with_invariants p q (A : automaton q obs name) (C : automaton p obs name) R
      Ia Ic : invariant A Ia -> invariant C Ic -> simulation_with A C R (both Ia Ic) ->
    refines C A.
  Proof. intros HA HC F. exact (simulation_refines (simulation_with_invariants HA HC F)). Qed.
End Refinement.

(* --- several CPUs (6.2) --- *)

Section Lifting.
  Variables cpu obs name : Type.

  Definition many (loc sh : Type) := ((cpu -> loc) * sh)%type.

  (* 6.2.2-6.2.5 *)
  Section Lift.
    Variables priv loc sh : Type.
    Variable wrap : loc -> sh -> priv.
    Variable update : many loc sh -> set (many loc sh). (* how CPUs differ in the beginning *)
    Definition lift_init (I : set priv) : set (many loc sh) :=
      fun s => exists l, (forall c, fst s c = l) /\ I (wrap l (snd s)).
    Definition lift_step (d : name -> rel priv priv) : cpu * name -> rel (many loc sh)
      (many loc sh) :=
      fun cj s t => d (snd cj) (wrap (fst s (fst cj)) (snd s)) (wrap (fst t (fst cj)) (snd t)) /\
        forall x, x <> fst cj -> fst t x = fst s x.
    Definition lift_fin (F : priv -> obs) (s : many loc sh) : cpu -> obs :=
      fun c => F (wrap (fst s c) (snd s)).
    Definition lift (A : automaton priv obs name) : automaton (many loc sh) (cpu -> obs)
      (cpu * name) :=
      {| Init := fun s => exists s0, lift_init (Init A) s0 /\ update s0 s;
         Step := lift_step (Step A);
         Fin := lift_fin (Fin A) |}.
    Definition lift_invariant (I : set priv) : set (many loc sh) :=
      fun s => forall c, I (wrap (fst s c) (snd s)).
    (* 6.2.13 *)
    Definition splits (I : set priv) := exists (L : set loc) (S : set sh),
      forall l s, I (wrap l s) <-> L l /\ S s.
  End Lift.

  (* 6.2.15; 6.2.14 and 6.2.12 are the cases below. It needs to decide whether two CPUs are one. *)
  Theorem invariant_lifting priv loc sh (wrap : loc -> sh -> priv)
      (update : many loc sh -> set (many loc sh))
      (A : automaton priv obs name) (Is Iu : set priv) (Ia : set (many loc sh)) :
    (forall c d : cpu, c = d \/ c <> d) ->
    let A' := lift wrap update A in
    let Is' := lift_invariant wrap Is in
    let Iu' := lift_invariant wrap Iu in
    invariant A (fun a => Is a /\ Iu a) -> splits wrap Is ->
    (forall s t, Is' s -> update s t -> Is' t) ->
    (forall s, Init A' s -> Iu' s /\ Ia s) ->
    (forall cj s t, Is' s -> Iu' s -> Ia s -> Step A' cj s t -> Iu' t /\ Ia t) ->
    invariant A' (fun s => Is' s /\ Iu' s /\ Ia s).
  Proof.
    intros Dec A' Is' Iu' (Init_I & Step_I) (L & S & Sp) Upd Init_u Step_u. split.
    - intros s X. split; [| exact (Init_u s X)]. destruct X as (s0 & (l & El & Il) & U).
      apply (Upd s0 s); auto. intro c. rewrite El. exact (proj1 (Init_I _ Il)).
    - intros cj s t (Xs & Xu & Xa) St. split; [| exact (Step_u cj s t Xs Xu Xa St)].
      destruct St as (Sc & Others). pose proof (Step_I _ _ _ (conj (Xs (fst cj)) (Xu (fst cj))) Sc)
        as (New & _). apply Sp in New as (Lc & Sh). intro c. apply Sp. split; auto.
      destruct (Dec c (fst cj)) as [-> | N]; auto. rewrite (Others c N).
      exact (proj1 (proj1 (Sp _ _) (Xs c))).
  Qed.

  Corollary invariant_lifting_split priv loc sh (wrap : loc -> sh -> priv)
      (update : many loc sh -> set (many loc sh))
      (A : automaton priv obs name) (I : set priv) :
    (forall c d : cpu, c = d \/ c <> d) -> invariant A I -> splits wrap I ->
    (forall s t, lift_invariant wrap I s -> update s t -> lift_invariant wrap I t) ->
    invariant (lift wrap update A) (lift_invariant wrap I).
  Proof.
    intros Dec (I0 & I1) Sp Upd.
    assert (T : invariant (lift wrap update A)
        (fun s => lift_invariant wrap I s /\ lift_invariant wrap (fun _ => True) s /\ True)).
    { apply (invariant_lifting (Iu := fun _ => True) (fun _ => True) Dec);
        [| exact Sp | exact Upd | |].
      - split; [intros a X; split; auto | intros j a b (X & _) St; split; eauto].
      - intros s X. split; auto. intro c. exact Logic.I.
      - intros cj s t _ _ _ _. split; auto. intro c. exact Logic.I. }
    destruct T as (T0 & T1). split.
    - intros s X. exact (proj1 (T0 s X)).
    - intros cj s t X St. refine (proj1 (T1 cj s t _ St)). split; auto. split; auto.
      intro c. exact Logic.I.
  Qed.

  (* 6.2.6 *)
  Definition lift_relation pa la sa pc lc sc (wa : la -> sa -> pa) (wc : lc -> sc -> pc)
      (R : rel pa pc) : rel (many la sa) (many lc sc) :=
    fun a c => forall k, R (wa (fst a k) (snd a)) (wc (fst c k) (snd c)).
  (* 6.2.8, 6.2.9, 6.2.10 *)
  Definition surjective p l s (w : l -> s -> p) := forall x, exists a b, x = w a b.
  Definition relation_splits pa la sa pc lc sc (wa : la -> sa -> pa) (wc : lc -> sc -> pc)
      (R : rel pa pc) := exists (L : rel la lc) (S : rel sa sc),
    forall a s c t, R (wa a s) (wc c t) <-> L a c /\ S s t.
  Definition updates_correspond A C (R : rel A C) (ua : A -> set A) (uc : C -> set C) :=
    forall a c, R a c -> forall c', uc c c' -> exists a', ua a a' /\ R a' c'.

  (* 6.2.7. A CPU's number can be compared, so that one local part can be replaced. *)
  Variable same : forall c d : cpu, {c = d} + {c <> d}.

  Theorem refinement_lifting pa la sa pc lc sc (wa : la -> sa -> pa) (wc : lc -> sc -> pc)
      (A : automaton pa obs name) (C : automaton pc obs name) (R I : rel pa pc)
      (ua : many la sa -> set (many la sa)) (uc : many lc sc -> set (many lc sc))
      (sees : rel obs obs) :
    simulation_with sees A C R I -> surjective wa -> relation_splits wa wc R ->
    updates_correspond (lift_relation wa wc R) ua uc ->
    simulation_with (fun f g => forall k, sees (f k) (g k))
      (lift wa ua A) (lift wc uc C) (lift_relation wa wc R) (lift_relation wa wc I).
  Proof.
    intros [F0 F1 F2] Sur (L & S & Sp) Upd. split.
    - intros c (c0 & (l & El & Il) & U). destruct (F0 _ Il) as (p & Ip & Rp).
      destruct (Sur p) as (x & y & ->).
      destruct (Upd (fun _ => x, y) c0) with (c' := c) as (a & Ua & Ra); auto.
      + intro k. simpl. now rewrite El.
      + exists a. split; auto. exists (fun _ => x, y). split; auto. exists x. simpl. auto.
    - intros [k j] a c c' Ra Ic (St & Others). simpl in *.
      destruct (F1 j _ _ _ (Ra k) (Ic k) St) as (p & Sa & Rp).
      destruct (Sur p) as (x & y & ->).
      exists (fun d => if same d k then x else fst a d, y). split.
      + split; simpl; [destruct (same k k); congruence |].
        intros d N. destruct (same d k); congruence.
      + intro d. simpl. apply Sp in Rp as (Lx & Sy). destruct (same d k) as [-> | N].
        * apply Sp. auto.
        * rewrite (Others d N). apply Sp. split; auto. exact (proj1 (proj1 (Sp _ _ _ _) (Ra d))).
    - intros a c Ra Ic. simpl. unfold lift_fin. intro k.
      apply (F2 _ _ (Ra k) (Ic k)).
  Qed.
End Lifting.

(* --- the door: compound steps --- *)

(* Some CPUs are dropped, then one steps. `drop` is the name of the step that only deschedules. *)
Section Door.
  Variables cpu name : Type.
  Variable drop : name.
  Definition compound := (list cpu * (cpu * name))%type.
  Definition parts (k : compound) : list (cpu * name) := map (fun d => (d, drop)) (fst k)
    ++ [snd k].

  Definition chain p (d : cpu * name -> rel p p) (js : list (cpu * name)) : rel p p :=
    fun s t => steps d (fun x => x = s) js t.
  Definition with_door p obs (A : automaton p obs (cpu * name)) : automaton p obs compound :=
    {| Init := Init A; Step := fun k => chain (Step A) (parts k); Fin := Fin A |}.

  Lemma steps_mono p (d : cpu * name -> rel p p) js : forall X Y, subset X Y ->
    subset (steps d X js) (steps d Y js).
  Proof.
    induction js as [| j js IH]; simpl; intros X Y H; auto.
    apply IH. intros b (a & Xa & St). exists a. auto.
  Qed.
  Lemma steps_from p (d : cpu * name -> rel p p) js : forall X t,
    steps d X js t <-> exists s, X s /\ chain d js s t.
  Proof.
    unfold chain. induction js as [| j js IH]; simpl; intros X t.
    - split; [intro H; exists t; auto | intros (s & H & ->); auto].
    - rewrite IH. split.
      + intros (s & (a & Xa & St) & H). exists a. split; auto. apply IH. exists s. split; auto.
        exists a. auto.
      + intros (a & Xa & H). apply IH in H as (s & (b & -> & St) & H). exists s. split; auto.
        exists a. auto.
  Qed.
  Lemma steps_app p (d : cpu * name -> rel p p) js ks X :
    steps d X (js ++ ks) = steps d (steps d X js) ks.
  Proof. revert X. induction js; simpl; auto. Qed.

  (* A run of compound steps is a run of their parts. *)
  Lemma compound_run p obs (A : automaton p obs (cpu * name)) ks : forall X Y t, subset X Y ->
    steps (Step (with_door A)) X ks t -> steps (Step A) Y (flat_map parts ks) t.
  Proof.
    induction ks as [| k ks IH]; simpl; intros X Y t H R; auto. rewrite steps_app.
    refine (IH _ _ t _ R). intros b (a & Xa & Ch). apply steps_from. exists a. auto.
  Qed.
  Lemma run_compound p obs (A : automaton p obs (cpu * name)) ks : forall X Y t, subset X Y ->
    steps (Step A) X (flat_map parts ks) t -> steps (Step (with_door A)) Y ks t.
  Proof.
    induction ks as [| k ks IH]; simpl; intros X Y t H R; auto. rewrite steps_app in R.
    refine (IH _ _ t _ R). intros b St. apply steps_from in St as (a & Xa & Ch). exists a. auto.
  Qed.

  Theorem refinement_with_the_door p q obs (C : automaton p obs (cpu * name))
      (A : automaton q obs (cpu * name)) (sees : rel obs obs) :
    refines sees C A -> refines sees (with_door C) (with_door A).
  Proof.
    intros H ks o (s & R & O). destruct (H (flat_map parts ks) o) as (a & Ra & E).
    - exists s. split; auto. apply (compound_run C ks (X := Init C)); [intros x; auto | exact R].
    - exists a. split; auto. apply (run_compound A ks (X := Init A)); [intros x; auto | exact Ra].
  Qed.

  Theorem invariant_with_the_door p obs (A : automaton p obs (cpu * name)) I :
    invariant A I -> invariant (with_door A) I.
  Proof.
    intros (I0 & I1). split; auto. intros k a b Ia. simpl. unfold chain. generalize (parts k).
    assert (G : forall js (X : set p), subset X I -> subset (steps (Step A) X js) I).
    { induction js as [| j js IH]; simpl; auto. intros X H. apply IH. intros y (x & Xx & St).
      eauto. }
    intros js H. apply (G js (fun x => x = a)); auto. intros x ->. exact Ia.
  Qed.
End Door.
