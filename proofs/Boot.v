(* The parallel program that boot is, and that it is sequential.

   Thesis: theorem 5.5.1 (kernel memory is accessed sequentially during boot).

   In words: the boot CPU writes the record, then starts the first CPU of each node; each of them
   reads the record, builds its node in memory of its own, and starts the node's other CPUs. For any
   number of nodes and CPUs whose pieces of memory are apart, every CPU sees of all memory but the
   flag words what it would see alone. Flag words: the state word of each status page, which boot
   polls, and cpus_ready, which a node's first CPU polls (5.3.6 would forbid both).

   Assumed: that the footprints below are those of the code (boot_sys(), boot_node(), join_node()),
   and that the plan's pieces are apart (Planner.v). The footprints are read off the code by hand:
   this file shows that such a boot is right by design, and nothing about the binary.
     BootTrace.v
   checks recorded boots of the binary. *)
From Coq Require Import List Arith Lia.
From CMK Require Import Tso.
Import ListNotations.

Section Boot.
Variable F : paddr -> Prop.                 (* status pages' state words, cpus_ready *)
Variable G flag : region.                   (* global state; the words polled *)
Variable node_state : nat -> region.        (* node n's private memory without its CPU blocks *)
Variable block : nat -> nat -> region.      (* CPU block of CPU i of node n *)
Variable number : nat -> nat -> cpu.        (* CPU i of node n *)
Variable cpus : nat -> nat.                 (* how many others the first CPU starts *)
Hypothesis flags : forall p, flag p = true -> F p.
Definition meets (r s : region) := exists p, ~ F p /\ r p = true /\ s p = true.
Hypothesis G_state : forall n, ~ meets G (node_state n).
Hypothesis G_block : forall n i, ~ meets G (block n i).
Hypothesis states : forall m n, m <> n -> ~ meets (node_state m) (node_state n).
Hypothesis state_block : forall m n i, ~ meets (node_state m) (block n i).
Hypothesis blocks : forall m n i j, (m, i) <> (n, j) -> ~ meets (block m i) (block n j).

(* boot_node.c: join_node() *)
Definition join n i := [IRead G; IRead (node_state n); IWrite (block n i); IRead (block n i);
  IWrite flag].
(* start_other_cpus(): CPUs i+1 .. i+k *)
Fixpoint start_others n i k rest := match k with 0 => rest
  | S k' => IFence :: IStart (number n (S i)) (join n (S i)) :: IRead flag :: start_others n (S i)
    k' rest end.
(* boot_node(): clears all blocks and builds the node before it starts a CPU;
  its own block afterwards, too *)
Definition node n := IWrite flag :: IRead G :: map (fun i => IWrite (block n i))
  (seq 0 (S (cpus n))) ++
  IWrite (node_state n) :: IRead (node_state n) :: IWrite (block n 0) :: IRead (block n 0) ::
  start_others n 0 (cpus n) [IRead G; IWrite (block n 0); IWrite flag].
(* boot_sys(): nodes m+1 .. m+k, then its own node 0 *)
Fixpoint start_nodes m k := match k with 0 => IRead flag :: node 0
  | S k' => IFence :: IStart (number (S m) 0) (node (S m)) :: start_nodes (S m) k' end.
Definition boot k := IWrite G :: IRead G :: start_nodes 0 k.

Lemma fenced_others n k : forall i rest, fenced rest -> fenced (start_others n i k rest).
Proof. induction k; simpl; intros; auto. repeat constructor; auto. Qed.
Lemma fenced_map A (f : A -> region) l rest : fenced rest -> fenced (map (fun a => IWrite (f a))
  l ++ rest).
Proof. induction l; simpl; auto. repeat constructor; auto. Qed.
Lemma fenced_node n : fenced (node n).
Proof.
  unfold node; do 2 constructor. apply fenced_map with (f := block n). do 4 constructor.
    apply fenced_others. repeat constructor.
Qed.
Lemma fenced_boot k : fenced (boot k).
Proof.
  do 2 constructor. generalize 0 at 1. induction k; simpl; intro m.
  - constructor; apply fenced_node.
  - constructor; auto using fenced_node.
Qed.

Lemma reads_app l k p : reads (l ++ k) p <-> reads l p \/ reads k p.
Proof. induction l; simpl; tauto. Qed.
Lemma writes_app l k p : writes (l ++ k) p <-> writes l p \/ writes k p.
Proof. induction l; simpl; tauto. Qed.
Lemma reads_map (f : nat -> region) l p : ~ reads (map (fun i => IWrite (f i)) l) p.
Proof. induction l; simpl; tauto. Qed.
Lemma writes_map (f : nat -> region) l p : writes (map (fun i => IWrite (f i)) l)
  p -> exists i, f i p = true.
Proof. induction l; simpl; [tauto | intros [H | H]; eauto]. Qed.

(* Whose memory a node's program touches, outside of flags. *)
Definition mine n p := node_state n p = true \/ exists i, block n i p = true.
Lemma reads_others n k p : ~ F p -> forall i rest, reads (start_others n i k rest) p ->
  reads rest p \/ G p = true \/ node_state n p = true \/ exists j, i < j /\ block n j p = true.
Proof.
  intros NF; induction k; simpl; intros i rest H; auto.
  destruct H as [[] | [H | [H | H]]].
  - simpl in H; intuition eauto.
  - exfalso; eauto.
  - destruct (IHk _ _ H) as [K | [K | [K | (j & ? & ?)]]]; auto.
      right; right; right; exists j; split; auto; lia.
Qed.
Lemma writes_others n k p : ~ F p -> forall i rest, writes (start_others n i k rest) p ->
  writes rest p \/ exists j, i < j /\ block n j p = true.
Proof.
  intros NF; induction k; simpl; intros i rest H; auto.
  destruct H as [[] | [H | [[] | H]]].
  - simpl in H; intuition eauto. exfalso; eauto.
  - apply IHk in H as [H | (j & ? & ?)]; auto. right; exists j; split; auto; lia.
Qed.
Lemma reads_node n p : ~ F p -> reads (node n) p -> G p = true \/ mine n p.
Proof.
  intros NF; unfold node, mine. simpl. rewrite !reads_app. simpl.
  intros [[] | [H | [[] | [H | [[] | [H | [[] | [H | H]]]]]]]]; eauto.
  - exfalso; revert H; apply (reads_map (block n)).
  - apply reads_others in H; auto. simpl in H.
      destruct H as [[H | [[] | [[] | []]]] | [H | [H | (j & _ & H)]]]; eauto.
Qed.
Lemma writes_node n p : ~ F p -> writes (node n) p -> mine n p.
Proof.
  intros NF; unfold node, mine. simpl. rewrite !writes_app. simpl.
  intros [H | [[] | [H | [H | [H | [[] | [H | [[] | H]]]]]]]]; eauto.
  - apply writes_map in H as (i & H); eauto.
  - apply writes_others in H; auto. simpl in H.
      destruct H as [[[] | [H | [H | []]]] | (j & _ & H)]; eauto.
Qed.
Lemma mine_apart m n p : m <> n -> ~ F p -> mine m p -> mine n p -> False.
Proof.
  intros N NF [A | (i & A)] [B | (j & B)].
  - apply (states m n); auto. exists p; auto.
  - apply (state_block m n j). exists p; auto.
  - apply (state_block n m i). exists p; auto.
  - apply (blocks m n i j); [congruence | exists p; auto].
Qed.
Lemma mine_global n p : ~ F p -> G p = true -> mine n p -> False.
Proof. intros NF A [B | (j & B)]; [apply (G_state n) | apply (G_block n j)]; exists p; auto. Qed.

Lemma disj_map (f : nat -> region) l rest : disj F rest -> disj F (map (fun i => IWrite (f i))
  l ++ rest).
Proof. induction l; simpl; auto. constructor; auto. Qed.

Lemma disj_others n k : forall i, disj F (start_others n i k [IRead G; IWrite (block n 0);
  IWrite flag]).
Proof.
  induction k; simpl; intro i; [repeat constructor|].
  constructor. constructor; [| | repeat constructor | constructor; auto].
  - intros p NF R W. simpl in W. assert (B : block n (S i) p = true) by intuition (exfalso; eauto).
    simpl in R. destruct R as [R | R]; [eauto |]. apply reads_others in R; auto.
    destruct R as [R | [R | [R | (j & L & R)]]].
    + simpl in R. destruct R as [R | [[] | [[] | []]]]. apply (G_block n (S i)); exists p; auto.
    + apply (G_block n (S i)); exists p; auto.
    + apply (state_block n n (S i)); exists p; auto.
    + apply (blocks n n j (S i)); [intro E; injection E; lia | exists p; auto].
  - intros p NF W R. simpl in W. destruct W as [[] | W]. apply writes_others in W; auto.
    assert (B : exists j, j <> S i /\ block n j p = true).
    { destruct W as [[[] | [W | [W | []]]] | (j & L & W)]; [exists 0; auto | exfalso;
      eauto | exists j; split; auto; lia]. }
    destruct B as (j & J & B). simpl in R. destruct R as [R | [R | [[] | [R | [[] | []]]]]].
    + apply (G_block n j); exists p; auto.
    + apply (state_block n n j); exists p; auto.
    + apply (blocks n n j (S i)); [intro E; injection E; auto | exists p; auto].
Qed.
Lemma disj_node n : disj F (node n).
Proof.
  unfold node; do 2 constructor. apply (disj_map (block n)). do 4 constructor. apply disj_others.
Qed.
Lemma reads_nodes k p : ~ F p -> forall m, reads (start_nodes m k) p ->
  G p = true \/ exists n, (n = 0 \/ m < n) /\ mine n p.
Proof.
  intros NF; induction k; intros m; cbn [start_nodes reads].
  - intros [H | H]; [exfalso; eauto | apply reads_node in H as [H | H]; eauto].
  - rewrite (reads_start _ (node (S m)) p). intros [[] | [H | H]].
    + apply reads_node in H as [H | H]; auto. right; exists (S m); split; auto; lia.
    + apply IHk in H as [H | (n & L & H)]; auto. right; exists n; split; auto; lia.
Qed.
Lemma writes_nodes k p : ~ F p -> forall m, writes (start_nodes m k)
  p -> exists n, (n = 0 \/ m < n) /\ mine n p.
Proof.
  intros NF; induction k; intros m; cbn [start_nodes writes].
  - intros [[] | H]; apply writes_node in H; eauto.
  - rewrite (writes_start _ (node (S m)) p). intros [[] | [H | H]].
    + apply writes_node in H; auto. exists (S m); split; auto; lia.
    + apply IHk in H as (n & L & H); auto. exists n; split; auto; lia.
Qed.
Lemma disj_boot k : disj F (boot k).
Proof.
  do 2 constructor. generalize 0 at 1. induction k; simpl; intro m.
  - constructor; apply disj_node.
  - constructor. constructor; auto using disj_node.
    + intros p NF R W. apply writes_node in W; auto.
        apply reads_nodes in R as [R | (n & L & R)]; auto.
      * eapply mine_global; eauto.
      * apply (mine_apart n (S m) p); auto; lia.
    + intros p NF W R. apply writes_nodes in W as (n & L & W); auto.
        apply reads_node in R as [R | R]; auto.
      * eapply mine_global; eauto.
      * apply (mine_apart n (S m) p); auto; lia.
Qed.

Theorem kernel_memory_sequential_access k s :
  reach (init (number 0 0) (boot k)) s -> seq_sem F (al s).
Proof. apply sequential_semantics; auto using fenced_boot, disj_boot. Qed.
End Boot.
