(* Titles: memory and CPUs that move between nodes, each with one user at a time.

   Not in the thesis, where nothing moves. The rules are those of CMK's design for things and
     titles:
   each node has one word per thing, written by that node's kernel only, readable by all.
     A node uses
   a thing only while its own word says held. Give is one store. Take: claim, fence, read the words
   of all other nodes; if one of them holds or claims, the word becomes what it was; else held. A
   node that starts again claims what its words say it holds, and drops what another node holds.
   Claims of nodes that are off do not count.

   In words: for any number of nodes and things, with stores that wait in store buffers, nodes that
   stop and start again at any time, and nodes that are wild and write anything into their own
     words:
   (S1) no two correct nodes use one thing at the same time; (S2) a correct node that runs loses a
   thing only when it gives it.

   Assumed: a wild node cannot write the words of others. A node that is off executes nothing.
   Numbers and generations are left out: they only make Take fail more often, and what fails changes
   nothing here. That nothing is lost for ever (S3) is not proved.

   The code: there is none yet. No kernel of this tree moves anything between nodes; this file is
   about the rules that one would follow. *)
From Coq Require Import List Arith Bool Lia.
Import ListNotations.

Definition node := nat.
Inductive word := Nothing | Claimed | Held | Given.
Definition blocks w := match w with Claimed | Held => true | _ => false end.

(* Where a node is with one thing. Looking: it has claimed, and its claim is visible. *)
Inductive phase := Off | Wild | Resting | Fencing | Looking | Using.

Record state := {
  memory : node -> word;         (* what others read *)
  pending : node -> list word;   (* stores on their way, oldest first *)
  where_is : node -> phase;
  passed : node -> node -> bool  (* in this attempt: whose words it found free *) }.

Section Nodes.
  Variable n : nat. (* nodes *)

  Definition upd {A} (f : node -> A) i v : node -> A := fun j => if Nat.eqb j i then v else f j.
  Definition store s i w p :=
    {| memory := memory s; pending := upd (pending s) i (pending s i ++ [w]);
       where_is := upd (where_is s) i p; passed := passed s |}.
  Definition go s i p :=
    {| memory := memory s; pending := pending s; where_is := upd (where_is s) i p;
       passed := passed s |}.

  Inductive event :=
  | Drain (i : node) | Claim (i : node) | Fence (i : node) | Pass (i j : node)
  | Succeed (i : node) | Fail (i : node) (w : word) | Give (i : node)
  | Stop (i : node) (lost : nat) | Start (i : node) (again : bool)
  | GoWild (i : node) | WildStore (i : node) (w : word).

  Inductive step : state -> event -> state -> Prop :=
  | drain s i w rest : pending s i = w :: rest ->
      step s (Drain i)
        {| memory := upd (memory s) i w; pending := upd (pending s) i rest;
           where_is := where_is s; passed := passed s |}
  | claim s i : where_is s i = Resting -> step s (Claim i) (store s i Claimed Fencing)
  | fence s i : where_is s i = Fencing -> pending s i = [] -> memory s i = Claimed ->
      step s (Fence i)
        {| memory := memory s; pending := pending s; where_is := upd (where_is s) i Looking;
           passed := upd (passed s) i (fun _ => false) |}
  | pass s i j : where_is s i = Looking -> j <> i ->
      blocks (memory s j) = false \/ where_is s j = Off ->
      step s (Pass i j)
        {| memory := memory s; pending := pending s; where_is := where_is s;
           passed := upd (passed s) i (upd (passed s i) j true) |}
  | succeed s i : where_is s i = Looking -> (forall j, j < n -> j <> i -> passed s i j = true) ->
      step s (Succeed i) (store s i Held Using)
  | fail s i w : where_is s i = Looking \/ where_is s i = Fencing ->
      step s (Fail i w) (store s i w Resting)
  | give s i : where_is s i = Using -> step s (Give i) (store s i Given Resting)
  (* Of the stores on their way, the last ones may be lost. *)
  | stop s i lost : step s (Stop i lost)
        {| memory := memory s;
           pending := upd (pending s) i (firstn (length (pending s i) - lost) (pending s i));
           where_is := upd (where_is s) i Off; passed := passed s |}
  | start_again s i : where_is s i = Off -> step s (Start i true) (store s i Claimed Fencing)
  | start_without s i : where_is s i = Off -> step s (Start i false) (go s i Resting)
  | go_wild s i : step s (GoWild i) (go s i Wild)
  | wild_store s i w : where_is s i = Wild -> step s (WildStore i w) (store s i w Wild).

  Definition active p := match p with Looking | Using => true | _ => false end.

  Record good (s : state) : Prop := {
    visible : forall i, active (where_is s i) = true ->
      blocks (memory s i) = true /\ (forall w, In w (pending s i) -> blocks w = true);
    one_way : forall i j, i <> j -> active (where_is s i) = true -> active (where_is s j) = true ->
      passed s i j = true -> passed s j i = true -> False;
    all_passed : forall i j, where_is s i = Using -> j < n -> j <> i -> passed s i j = true }.

  Ltac node_cases := unfold upd in *; simpl in *;
    repeat match goal with
    | H : context [Nat.eqb ?a ?b] |- _ => destruct (Nat.eqb_spec a b); subst; simpl in *
    | |- context [Nat.eqb ?a ?b] => destruct (Nat.eqb_spec a b); subst; simpl in *
    end; try discriminate; try congruence.

  Lemma store_good s i w p : good s -> active p = false -> good (store s i w p).
  Proof.
    intros [V O A] P. split; unfold store; simpl.
    - intros k H. node_cases. exact (V k H).
    - intros k j N H J X Y. node_cases. exact (O k j N H J X Y).
    - intros k j H L N. node_cases. exact (A k j H L N).
  Qed.
  Lemma go_good s i p : good s -> active p = false -> good (go s i p).
  Proof.
    intros [V O A] P. split; unfold go; simpl.
    - intros k H. node_cases. exact (V k H).
    - intros k j N H J X Y. node_cases. exact (O k j N H J X Y).
    - intros k j H L N. node_cases. exact (A k j H L N).
  Qed.

  Lemma step_good s e t : step s e t -> good s -> good t.
  Proof.
    intros St G. pose proof G as [V O A].
    destruct St as [s i w rest E | s i P | s i P E M | s i j P N F | s i P All | s i w P | s i P |
      s i lost | s i P | s i P | s i | s i w P];
      try (apply store_good; auto; fail); try (apply go_good; auto; fail).
    - split; simpl; auto. intros k H. destruct (V k H) as (Mk & Pk). unfold upd.
      destruct (Nat.eqb_spec k i); [subst | split; auto]. rewrite E in Pk. split.
      + apply Pk. now left.
      + intros x I. apply Pk. now right.
    - split; simpl.
      + intros k H. unfold upd in H. destruct (Nat.eqb_spec k i); [subst | auto].
        rewrite M, E. split; auto; intros w [].
      + intros k j N H J X Y. unfold upd in *.
        destruct (Nat.eqb_spec k i), (Nat.eqb_spec j i); subst; try discriminate;
          try exact (O k j N H J X Y).
      + intros k j H L N. unfold upd in *. destruct (Nat.eqb_spec k i); [discriminate | auto].
    - split; simpl; auto.
      + intros a b Nab Ha Hb X Y.
        assert (Back : forall c, active (where_is s j) = true -> c = true -> passed s j i = c ->
            False).
        { intros c Aj -> Pji. destruct F as [F | F]; [| now rewrite F in Aj].
          destruct (V j Aj) as (Mj & _). congruence. }
        unfold upd in X, Y.
        destruct (Nat.eqb_spec a i), (Nat.eqb_spec b i); subst; try congruence.
        * destruct (Nat.eqb_spec b j); [subst; eauto | exact (O i b Nab Ha Hb X Y)].
        * destruct (Nat.eqb_spec a j); [subst; eauto | exact (O a i Nab Ha Hb X Y)].
        * exact (O a b Nab Ha Hb X Y).
      + intros a b H L Nab. unfold upd. destruct (Nat.eqb_spec a i); [subst; congruence | auto].
    - split; unfold store; simpl.
      + intros k H. unfold upd in *. destruct (Nat.eqb_spec k i); [subst | auto].
        destruct (V i) as (Mi & Pi); [now rewrite P |]. split; auto.
        intros w I. apply in_app_or in I as [I | [<- | []]]; auto.
      + intros k j N H J X Y. apply (O k j N); auto; unfold upd in *;
          destruct (Nat.eqb_spec k i), (Nat.eqb_spec j i); subst; auto; now rewrite P.
      + intros k j H L N. unfold upd in H. destruct (Nat.eqb_spec k i); [subst; auto | auto].
    - split; simpl.
      + intros k H. unfold upd in *. destruct (Nat.eqb_spec k i); [discriminate | auto].
      + intros k j N H J X Y. unfold upd in *.
        destruct (Nat.eqb_spec k i), (Nat.eqb_spec j i); subst; try discriminate;
          try exact (O k j N H J X Y).
      + intros k j H L N. unfold upd in *. destruct (Nat.eqb_spec k i); [discriminate | auto].
  Qed.

  (* Boot: at most one node uses the thing, with its word visible; no other is looking. *)
  Definition booted s := exists h,
    (forall i, active (where_is s i) = true -> i = h) /\
    (active (where_is s h) = true ->
      where_is s h = Using /\ memory s h = Held /\ pending s h = [] /\ forall j, passed s h j =
        true).

  Lemma booted_good s : booted s -> good s.
  Proof.
    intros (h & Only & Is). split.
    - intros i H. pose proof (Only i H). subst. destruct (Is H) as (_ & M & P & _). rewrite M, P.
      split; auto; intros w [].
    - intros i j N H J _ _. apply N. now rewrite (Only i H), (Only j J).
    - intros i j U L N. assert (H : active (where_is s i) = true) by now rewrite U.
      pose proof (Only i H). subst. destruct (Is H) as (_ & _ & _ & P). auto.
  Qed.

  Inductive run : state -> state -> Prop :=
  | run_nil s : run s s
  | run_cons s e t u : step s e t -> run t u -> run s u.

  Lemma run_good s t : run s t -> good s -> good t.
  Proof. induction 1 as [| s e t u St R IH]; auto. intro G. apply IH. exact (step_good _ _ _ St G).
    Qed.

  Lemma one_user s i j : good s -> i < n -> j < n ->
    where_is s i = Using -> where_is s j = Using -> i = j.
  Proof.
    intros [V O A] Li Lj Ui Uj. destruct (Nat.eq_dec i j) as [E | N]; auto. exfalso.
    apply (O i j N); [now rewrite Ui | now rewrite Uj | apply A; auto | apply A; auto].
  Qed.

  (* S1 *)
  Theorem no_two_users s t i j : booted s -> run s t -> i < n -> j < n ->
    where_is t i = Using -> where_is t j = Using -> i = j.
  Proof. intros B R. apply one_user. exact (run_good _ _ R (booted_good _ B)). Qed.

  (* S2 *)
  Theorem lost_only_by_give s e t i : step s e t -> where_is s i = Using ->
    where_is t i = Using \/ e = Give i \/ (exists lost, e = Stop i lost) \/ e = GoWild i.
  Proof.
    intros St U. destruct St; simpl in *; auto; unfold upd;
      match goal with |- context [Nat.eqb i ?k] => destruct (Nat.eqb_spec i k) end;
      subst; auto; try congruence; eauto.
    destruct H; congruence.
  Qed.
End Nodes.

(* Any number of things: each has its own words, and what happens to one is a step of it, or none.
  *)
Definition things_step n (S T : nat -> state) :=
  forall thing, T thing = S thing \/ exists e, step n (S thing) e (T thing).
Inductive things_run n : (nat -> state) -> (nat -> state) -> Prop :=
| things_nil S : things_run n S S
| things_cons S T U : things_step n S T -> things_run n T U -> things_run n S U.
Theorem no_two_users_of_any_thing n S T thing i j : (forall x, booted (S x)) -> things_run n S T ->
  i < n -> j < n -> where_is (T thing) i = Using -> where_is (T thing) j = Using -> i = j.
Proof.
  intros B R. assert (G : good n (T thing)).
  { assert (G0 : good n (S thing)) by (apply booted_good, B). clear B.
    induction R as [| S T U St R IH]; auto. apply IH. destruct (St thing) as [-> | (e & Se)]; auto.
    exact (step_good _ _ _ _ Se G0). }
  intros. eapply one_user; eauto.
Qed.

(* Without the fence this would be false: both read before their claims are visible. The step
   `fence` asks for that: a claim that is still in the store buffer lets a second node pass. *)
