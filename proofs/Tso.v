(* A multiprocessor with store buffers whose CPUs start CPUs, and when its boot is sequential.

   Thesis (von Tessin, The Clustered Multikernel, 2013): definitions 5.2.1-5.3.5, theorem 5.3.6.

   In words: CPUs run straight-line programs of reads, writes, fences and starts of other CPUs.
   Stores wait in a buffer, oldest first, and a CPU's reads see its own. If each start comes right
   after a fence, and what a CPU touches after a start is apart from what the started program
   touches (one of them reads, the other writes), then between any access of a CPU to an address
   and its next read of it no other CPU's write to it reaches memory: each CPU sees what it would
   see alone. Started programs may start CPUs themselves. To start a CPU that runs has no effect.

   Generalised: nothing is assumed and nothing is claimed of a set F of flag addresses, by which
   CPUs wait for each other. With F empty this is the thesis's theorem. Then what is read from F
   must decide nothing but waiting and giving up, which is no subject of this file.

   Assumed: the machine below is x86's order of memory accesses (Intel SDM volume 3, 9.2). Contents
   are not modelled, only accesses. Programs are finite: one run, as it was.

   What would tie it to the code: BootTrace.v, a checker of the premises for recorded boots. *)
From Coq Require Import List Arith NArith Bool Lia.
Import ListNotations.

Definition cpu := nat.
Definition paddr := N.
Definition region := paddr -> bool.

Inductive instr :=
| IRead (r : region) | IWrite (r : region) | IFence | IStart (c : cpu) (il : list instr).

Inductive acc := ARead (r : region) (c : cpu) | AWrite (r : region) (c : cpu).
Definition acc_cpu a := match a with ARead _ c | AWrite _ c => c end.
Definition acc_reg a := match a with ARead r _ | AWrite r _ => r end.
Definition is_write a := match a with AWrite _ _ => true | _ => false end.

(* 5.2.4: which CPUs run, what is left of their programs, store buffers, what reached memory. *)
Record state := { cr : cpu -> bool; cil : cpu -> list instr; csb : cpu -> list region;
  al : list acc }.

Definition upd {A} (f : cpu -> A) c v := fun d => if Nat.eqb d c then v else f d.
Definition set_il s c l := {| cr := cr s; cil := upd (cil s) c l; csb := csb s; al := al s |}.
Definition set_sb s c b := {| cr := cr s; cil := cil s; csb := upd (csb s) c b; al := al s |}.
Definition add_al s a := {| cr := cr s; cil := cil s; csb := csb s; al := al s ++ [a] |}.
Definition start s c l := if cr s c then s else {| cr := upd (cr s) c true; cil := upd (cil s) c l;
  csb := csb s; al := al s |}.
Definition in_sb (r : region) (b : list region)
  := forall p, r p = true -> exists w, In w b /\ w p = true.

(* 5.2.8-5.2.13 *)
Inductive step : state -> state -> Prop :=
| s_read s c r il : cil s c = IRead r :: il -> ~ in_sb r (csb s c)
  -> step s (add_al (set_il s c il) (ARead r c))
| s_forward s c r il : cil s c = IRead r :: il -> in_sb r (csb s c) -> step s (set_il s c il)
| s_write s c r il : cil s c = IWrite r :: il -> step s (set_sb (set_il s c il) c (csb s c ++ [r]))
| s_drain s c r b : csb s c = r :: b -> step s (add_al (set_sb s c b) (AWrite r c))
| s_fence s c il : cil s c = IFence :: il -> csb s c = [] -> step s (set_il s c il)
| s_start s c d sl il : cil s c = IStart d sl :: il -> step s (start (set_il s c il) d sl).

Inductive reach (s : state) : state -> Prop :=
| r_refl : reach s s | r_step t u : reach s t -> step t u -> reach s u.

(* 5.2.15 *)
Definition init c il :=
  {| cr := upd (fun _ => false) c true; cil := upd (fun _ => []) c il; csb := fun _ => [];
    al := [] |}.

(* What a program may read and write, programs of CPUs that it starts included. *)
Fixpoint reads_i (i : instr) (p : paddr) : Prop :=
  match i with IRead r => r p = true
  | IStart _ sl => (fix go l := match l with [] => False | j :: k => reads_i j p \/ go k end)
    sl | _ => False end.
Fixpoint writes_i (i : instr) (p : paddr) : Prop :=
  match i with IWrite r => r p = true
  | IStart _ sl => (fix go l := match l with [] => False | j :: k => writes_i j p \/ go k end)
    sl | _ => False end.
Fixpoint reads l p := match l with [] => False | i :: k => reads_i i p \/ reads k p end.
Fixpoint writes l p := match l with [] => False | i :: k => writes_i i p \/ writes k p end.
Lemma reads_start d sl p : reads_i (IStart d sl) p <-> reads sl p.
Proof. simpl; induction sl; simpl; tauto. Qed.
Lemma writes_start d sl p : writes_i (IStart d sl) p <-> writes sl p.
Proof. simpl; induction sl; simpl; tauto. Qed.

Section Flags.
Variable F : paddr -> Prop. (* synchronisation words; the thesis's theorem is F = fun _ => False *)

Definition apart (P Q : paddr -> Prop) := forall p, ~ F p -> P p -> Q p -> False.

(* Definition 5.3.3 *)
Inductive disj : list instr -> Prop :=
| d_nil : disj []
| d_read r l : disj l -> disj (IRead r :: l)
| d_write r l : disj l -> disj (IWrite r :: l)
| d_fence l : disj l -> disj (IFence :: l)
| d_start c sl l : apart (reads l) (writes sl) -> apart (writes l) (reads sl)
  -> disj sl -> disj l ->
    disj (IStart c sl :: l).

(* Definition 5.3.5 *)
Inductive fenced : list instr -> Prop :=
| f_nil : fenced []
| f_read r l : fenced l -> fenced (IRead r :: l)
| f_write r l : fenced l -> fenced (IWrite r :: l)
| f_start c sl l : fenced sl -> fenced l -> fenced (IFence :: IStart c sl :: l)
| f_fence l : fenced l -> fenced (IFence :: l).

(* Definition 5.3.2: no other CPU wrote p between two accesses of c, the second a read. *)
Definition touched p c (h : list acc) := exists a, In a h /\ acc_cpu a = c /\ acc_reg a p = true.
Definition dirty p c (h : list acc) := exists h1 w h2, h = h1 ++ w :: h2 /\ touched p c h1 /\
  is_write w = true /\ acc_cpu w <> c /\ acc_reg w p = true.
Definition seq_sem (h : list acc) := forall h1 r c h2 p, h = h1 ++ ARead r c :: h2 -> r p = true ->
  ~ F p -> ~ dirty p c h1.

Definition sbw (b : list region) p := exists w, In w b /\ w p = true.

(* 5.12.6-5.12.10. In i_fence a CPU may have passed its fence and stand before the start. *)
Record inv (s : state) : Prop := {
  i_fence : forall c, fenced (cil s c) \/
    (exists d sl l, cil s c = IStart d sl :: l /\ fenced sl /\ fenced l /\ csb s c = []);
  i_disj : forall c, disj (cil s c);
  i_apart : forall c d, c <> d -> apart (reads (cil s c)) (fun p => writes (cil s d)
    p \/ sbw (csb s d) p);
  i_off : forall c, cr s c = false -> cil s c = [] /\ csb s c = [] /\ forall p, ~ touched p c (al
    s);
  i_clean : forall p c, ~ F p -> dirty p c (al s) -> ~ reads (cil s c) p;
  i_sem : seq_sem (al s) }.

Lemma upd_eq A (f : cpu -> A) c v : upd f c v c = v.
Proof. unfold upd; now rewrite Nat.eqb_refl. Qed.
Lemma upd_ne A (f : cpu -> A) c v d : d <> c -> upd f c v d = f d.
Proof. intro H; unfold upd; apply Nat.eqb_neq in H; now rewrite H. Qed.

Lemma touched_app p c h a : touched p c (h ++ [a])
  <-> touched p c h \/ (acc_cpu a = c /\ acc_reg a p = true).
Proof.
  unfold touched; split.
  - intros (b & Hb & H); apply in_app_or in Hb; destruct Hb as [Hb | [-> | []]]; eauto.
  - intros [(b & Hb & H) | H]; [exists b | exists a]; (split; [apply in_or_app; simpl;
      auto | auto]).
Qed.

Lemma split_last {A} (h h1 h2 : list A) a w :
  h ++ [a] = h1 ++ w :: h2 -> (h2 = [] /\ h = h1 /\ a = w)
    \/ (exists k, h2 = k ++ [a] /\ h = h1 ++ w :: k).
Proof.
  destruct h2 as [|x h2'] using rev_ind; intro E.
  - apply app_inj_tail in E; tauto.
  - right; exists h2'. rewrite app_comm_cons, app_assoc in E.
      apply app_inj_tail in E; destruct E; subst; auto.
Qed.

Lemma dirty_app p c h a : dirty p c (h ++ [a]) <->
  dirty p c h \/ (touched p c h /\ is_write a = true /\ acc_cpu a <> c /\ acc_reg a p = true).
Proof.
  split.
  - intros (h1 & w & h2 & E & T & W & N & R). apply split_last in E as [(-> & -> & ->)
      | (k & -> & ->)]; auto.
    left; exists h1, w, k; auto.
  - intros [(h1 & w & h2 & -> & T & W) | (T & W)].
    + exists h1, w, (h2 ++ [a]); rewrite <- app_assoc; simpl; auto.
    + exists h, a, []; auto.
Qed.

Lemma seq_sem_app h a : seq_sem h ->
  (forall r c p, a = ARead r c -> r p = true -> ~ F p -> ~ dirty p c h) -> seq_sem (h ++ [a]).
Proof.
  intros S H h1 r c h2 p E R N. apply split_last in E as [(-> & -> & ->) | (k & -> & ->)]; eauto.
Qed.

Lemma fenced_tail i l : fenced (i :: l) -> (forall d sl, i <> IStart d sl)
  -> i <> IFence -> fenced l.
Proof. inversion 1; subst; auto; congruence. Qed.

Lemma inv_init c il : fenced il -> disj il -> inv (init c il).
Proof.
  intros Hf Hd; split; simpl.
  - intro d; left; unfold upd; destruct (Nat.eqb d c); [auto | constructor].
  - intro d; unfold upd; destruct (Nat.eqb d c); [auto | constructor].
  - intros d e N p _ R [W | (w & [] & _)]. unfold upd in *.
    destruct (Nat.eqb_spec d c), (Nat.eqb_spec e c); subst; simpl in *; tauto.
  - intros d H; unfold upd in *; destruct (Nat.eqb d c); [discriminate|]. repeat split; auto.
    intros p (a & [] & _).
  - intros p d _ (h1 & w & h2 & E & _); destruct h1; discriminate.
  - intros h1 r d h2 p E; destruct h1; discriminate.
Qed.

Ltac cases d c := unfold upd in *; destruct (Nat.eqb_spec d c); subst; simpl in *.

Ltac cpu_cases :=
  repeat match goal with
  | |- context [Nat.eqb ?a ?b] => destruct (Nat.eqb_spec a b); subst; simpl in *
  | H : context [Nat.eqb ?a ?b] |- _ => destruct (Nat.eqb_spec a b); subst; simpl in *
  end.

Lemma off_no_program s c i l : inv s -> cil s c = i :: l -> cr s c = true.
Proof.
  intros I E; destruct (cr s c) eqn:R; auto. destruct (i_off _ I c R) as (H & _); congruence.
Qed.
Lemma off_no_buffer s c r b : inv s -> csb s c = r :: b -> cr s c = true.
Proof.
  intros I E; destruct (cr s c) eqn:R; auto. destruct (i_off _ I c R) as (_ & H & _); congruence.
Qed.

Lemma disj_tail i l : disj (i :: l) -> disj l.
Proof. inversion 1; auto. Qed.

Lemma inv_step s t : step s t -> inv s -> inv t.
Proof.
  intros St I; pose proof I as [Hf Hd Ha Ho Hc Hs].
  destruct St as [s c r il E NB | s c r il E B | s c r il E | s c r b E | s c il E B | s c d sl il
    E].
  - (* read from memory *)
    pose proof (off_no_program _ _ _ _ I E) as Run. split; simpl; unfold upd.
    + intro e; cpu_cases; auto. destruct (Hf c) as [K | (? & ? & ? & K & _)]; rewrite E in K;
        [left | congruence].
      inversion K; auto.
    + intro e; cpu_cases; auto. specialize (Hd c); rewrite E in Hd; inversion Hd; auto.
    + intros e f N p NF R W. apply (Ha e f N p NF); cpu_cases; auto; rewrite E; simpl; tauto.
    + intros e R. cpu_cases; [congruence|]. destruct (Ho e R) as (? & ? & T); repeat split; auto.
      intros p; rewrite touched_app; simpl; intros [H' | (H' & _)]; [now apply (T p) | congruence].
    + intros p e NF D. rewrite dirty_app in D; destruct D as [D | (_ & D & _)]; [|discriminate].
      intro R; apply (Hc p e NF D). cpu_cases; auto. rewrite E; simpl; auto.
    + apply seq_sem_app; auto. intros r' c' p Ea R NF D; injection Ea as -> ->.
      apply (Hc p c' NF D). rewrite E; simpl; auto.
  - (* forwarded *)
    pose proof (off_no_program _ _ _ _ I E) as Run. split; simpl; unfold upd; auto.
    + intro e; cpu_cases; auto. destruct (Hf c) as [K | (? & ? & ? & K & _)]; rewrite E in K;
        [left | congruence].
      inversion K; auto.
    + intro e; cpu_cases; auto. specialize (Hd c); rewrite E in Hd; inversion Hd; auto.
    + intros e f N p NF R W. apply (Ha e f N p NF); cpu_cases; auto; rewrite E; simpl; tauto.
    + intros e R. cpu_cases; [congruence|]. auto.
    + intros p e NF D R; apply (Hc p e NF D). cpu_cases; auto. rewrite E; simpl; auto.
  - (* write into the buffer *)
    pose proof (off_no_program _ _ _ _ I E) as Run. split; simpl; unfold upd; auto.
    + intro e; cpu_cases; auto. destruct (Hf c) as [K | (? & ? & ? & K & _)]; rewrite E in K;
        [left | congruence].
      inversion K; auto.
    + intro e; cpu_cases; auto. specialize (Hd c); rewrite E in Hd; inversion Hd; auto.
    + intros e f N p NF R W. apply (Ha e f N p NF).
      * cpu_cases; auto; rewrite E; simpl; auto.
      * destruct (Nat.eqb_spec f c); [subst f | auto]. rewrite E; simpl.
          destruct W as [W | (w & Hw & Wp)]; auto.
        apply in_app_or in Hw; destruct Hw as [Hw | [-> | []]]; [right; exists w | left]; auto.
    + intros e R. cpu_cases; [congruence|]. auto.
    + intros p e NF D R; apply (Hc p e NF D). cpu_cases; auto. rewrite E; simpl; auto.
  - (* drain *)
    pose proof (off_no_buffer _ _ _ _ I E) as Run. split; simpl; unfold upd; auto.
    + intro e. destruct (Hf e) as [K | (d & sl & l & K & K1 & K2 & K3)]; [left; auto | right;
        exists d, sl, l].
      repeat split; auto. cpu_cases; auto. congruence.
    + intros e f N p NF R W. apply (Ha e f N p NF R). cpu_cases; auto.
      destruct W as [W | (w & Hw & Wp)]; auto. right; exists w; rewrite E; simpl; auto.
    + intros e R. cpu_cases; [congruence|]. destruct (Ho e R) as (? & ? & T); repeat split; auto.
      intros p; rewrite touched_app; simpl; intros [H' | (H' & _)]; [now apply (T p) | congruence].
    + intros p e NF D R. rewrite dirty_app in D; destruct D as [D | (_ & _ & N & W)]; simpl in *.
      * exact (Hc p e NF D R).
      * apply (Ha e c) with p; auto. right; exists r; rewrite E; simpl; auto.
    + apply seq_sem_app; auto. discriminate.
  - (* fence *)
    pose proof (off_no_program _ _ _ _ I E) as Run. split; simpl; unfold upd; auto.
    + intro e; cpu_cases; auto. destruct (Hf c) as [K | (? & ? & ? & K & _)]; rewrite E in K;
        [| congruence].
      inversion K; subst; [right | left; auto]. exists c0, sl, l; auto.
    + intro e; cpu_cases; auto. specialize (Hd c); rewrite E in Hd; inversion Hd; auto.
    + intros e f N p NF R W. apply (Ha e f N p NF); cpu_cases; auto; rewrite E; simpl; tauto.
    + intros e R. cpu_cases; [congruence|]. auto.
    + intros p e NF D R; apply (Hc p e NF D). cpu_cases; auto. rewrite E; simpl; auto.
  - (* start *)
    pose proof (off_no_program _ _ _ _ I E) as Run.
    assert (D0 : disj (IStart d sl :: il)) by (rewrite <- E; auto).
    assert (F0 : fenced sl /\ fenced il /\ csb s c = []).
    { destruct (Hf c) as [K | (d' & sl' & l' & K & K1 & K2 & K3)]; rewrite E in K.
      - inversion K.
      - injection K as -> -> ->; auto. }
    destruct F0 as (Fs & Fi & SB).
    inversion D0 as [| | | | d' sl' l' A1 A2 Ds Di]; subst.
    unfold start; simpl. destruct (cr s d) eqn:Rd; simpl.
    + (* it runs already: nothing happens *)
      split; simpl; unfold upd; auto.
      * intro e; cpu_cases; auto.
      * intro e; cpu_cases; auto.
      * intros e f N p NF R W. apply (Ha e f N p NF); cpu_cases; auto; rewrite E; simpl; tauto.
      * intros e R. cpu_cases; [congruence|]. auto.
      * intros p e NF D R; apply (Hc p e NF D). cpu_cases; auto. rewrite E; simpl; auto.
    + destruct (Ho d Rd) as (Id & Bd & Td).
      assert (Ncd : c <> d) by (intros ->; congruence).
      assert (Hr : forall p, reads sl p -> reads (cil s c) p).
      { intros p R; rewrite E; simpl; left; now apply (reads_start d). }
      assert (Hw : forall p, writes sl p -> writes (cil s c) p).
      { intros p R; rewrite E; simpl; left; now apply (writes_start d). }
      assert (Hr' : forall p, reads il p -> reads (cil s c) p) by (intros p R; rewrite E; simpl;
        auto).
      assert (Hw' : forall p, writes il p -> writes (cil s c) p) by (intros p R; rewrite E; simpl;
        auto).
      split; simpl; unfold upd.
      * intro e; cpu_cases; auto.
      * intro e; cpu_cases; auto.
      * intros e f N p NF R W.
        destruct (Nat.eqb_spec e d); [subst e | destruct (Nat.eqb_spec e c); [subst e |]];
        (destruct (Nat.eqb_spec f d); [subst f | destruct (Nat.eqb_spec f c); [subst f |]]);
          try congruence.
        -- destruct W as [W | (w & Hin & _)]; [exact (A2 p NF W R) | rewrite SB in Hin;
            destruct Hin].
        -- apply (Ha c f) with p; auto.
        -- destruct W as [W | (w & Hin & _)]; [exact (A1 p NF R W) | rewrite Bd in Hin;
            destruct Hin].
        -- apply (Ha c f) with p; auto.
        -- apply (Ha e c) with p; auto. destruct W as [W | (w & Hin & _)]; auto.
            rewrite Bd in Hin; destruct Hin.
        -- apply (Ha e c) with p; auto. destruct W as [W | W]; auto.
        -- apply (Ha e f) with p; auto.
      * intros e R. cpu_cases; try congruence; auto.
      * intros p e NF D R. destruct (Nat.eqb_spec e d); [subst e |].
        -- destruct D as (h1 & w & h2 & Eh & (a & Hin & H1) & _). apply (Td p).
           exists a; split; auto. rewrite Eh; apply in_or_app; auto.
        -- apply (Hc p e NF D). cpu_cases; auto.
      * auto.
Qed.

Theorem sequential_semantics c il s : fenced il -> disj il -> reach (init c il) s -> seq_sem (al s).
Proof.
  intros Hf Hd R. assert (I : inv s).
  { induction R as [| t u R IH St]; [now apply inv_init | eapply inv_step; eauto]. }
  now apply i_sem.
Qed.
End Flags.

(* The thesis's Theorem 5.3.6. *)
Corollary theorem_5_3_6 c il s :
  fenced il -> disj (fun _ => False) il -> reach (init c il) s -> seq_sem (fun _ => False) (al s).
Proof. apply sequential_semantics. Qed.
