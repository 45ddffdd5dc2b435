(* The planner: whose memory is whose.

   Thesis: axioms 5.4.5-5.4.10 and 5.4.17-5.4.20 (regions of nodes, images and kernel data are apart
   and inside memory), which it assumes of the boot loader.
     Here the kernel's own planner makes them.

   In words. (1) `take`, `remove` and `add` are cluster/ranges.c as functions on lists. Whatever
   the lists, and also where a full list loses ranges: what a node takes was free, is free no more,
   and nothing else becomes free. So for any sequence of reservations (boot pages, shared memory,
   channels), of memory given up, and of nodes that take memory in any order and repeatedly, no byte
   ever has two owners, and each owned byte was available. (2) `plan_ok` checks a finished plan
   against the machine's memory map. If it says yes, no two pieces have a byte in common, no two
   owners of private pieces have a 2 MiB page in common, each private piece is whole pages of RAM
   that nothing else claims, and each image lies in a region of its node and on nothing that boot
   still needs.

   Assumed: N for uint64_t: addresses are below 2^63, so that no sum wraps (the planner clamps RAM
   at 512 GiB). That a plan which is not refused is always found good by (2) is tested, not proved.

   The code: cluster/ranges.c, boot/plan/node_regions.c, boot/plan/plan_memory.c.
     The mechanism: both functions are extracted
   to OCaml. For random machines and random requests, `take` gives what the C gives; and every plan
   of plan_cluster() for a random machine that it does not refuse must be found good. The same with
   errors put into the C planner's results must be found bad (proofs/ties). *)
From Coq Require Import List Arith NArith Lia Bool.
Import ListNotations.
Open Scope N_scope.

Definition range := (N * N)%type.
Definition bytes (r : range) := snd r - fst r.      (* N: 0 if the end is not above the start *)
Definition meets (a b : range) := (fst a <? snd b) && (fst b <? snd a) && (fst a <? snd a)
  && (fst b <? snd b).
Definition large : N := 2097152.
Definition down x := x / large * large.
Definition up x := down (x + (large - 1)).

Definition within (x : N) (r : range) := fst r <= x < snd r.
Definition within_list x l := exists r, In r l /\ within x r.

(* range_list_add() *)
Fixpoint merge (l : list range) (r : range) : option (list range) :=
  match l with
  | [] => None
  | h :: t =>
    if snd h <? fst r then option_map (cons h) (merge t r)
    else if snd h =? fst r then
      Some (match t with n :: t' => if fst n =? snd r then (fst h, snd n) :: t' else (fst h, snd r)
        :: t
            | [] => [(fst h, snd r)] end)
    else if fst h =? snd r then Some ((fst r, snd h) :: t)
    else None
  end.
Fixpoint insert (l : list range) (r : range) :=
  match l with [] => [r] | h :: t => if snd h <? fst r then h :: insert t r else r :: l end.
Fixpoint smallest (l : list range) (i best : nat) (size : N) : nat * N :=
  match l with [] => (best, size) | h :: t =>
    if bytes h <? size then smallest t (S i) i (bytes h) else smallest t (S i) best size end.
Fixpoint delete_at (l : list range) (i : nat) : list range :=
  match l, i with [], _ => [] | _ :: t, O => t | h :: t, S k => h :: delete_at t k end.
Definition add (limit : nat) (l : list range) (r : range) :=
  match merge l r with
  | Some m => m
  | None =>
    if Nat.eqb (length l) limit then
      match l with
      | [] => l
      | h :: t => let (victim, size) := smallest t 1 0 (bytes h) in
        if bytes r <=? size then l else insert (delete_at l victim) r
      end
    else insert l r
  end.

(* range_list_remove() *)
Definition trim (r h : range) : list range :=
  if negb (meets h r) then [h]
  else if fst h <? fst r then [(fst h, fst r)]
  else if snd r <? snd h then [(snd r, snd h)] else [].
Definition beyond (r h : range) : list range :=
  if meets h r && (fst h <? fst r) && (snd r <? snd h) then [(snd r, snd h)] else [].
Section Limits.
(* How many ranges the lists of free memory and of a node's regions hold. *)
Variables max_ranges max_regions : nat.
Definition remove (l : list range) (r : range) : list range :=
  fold_left (add max_ranges) (flat_map (beyond r) l) (flat_map (trim r) l).

(* cut(), take_once(), take_from_list() *)
Definition cut (whole part : range) (want : N) (round_up : bool) : range :=
  let s := if fst part =? fst whole then fst part else up (fst part) in
  let e := if snd part =? snd whole then snd part else down (snd part) in
  if want <? e - s then (s, N.min e (if round_up then up (s + want) else down (s + want)))
    else (s, e).
Definition meet (a b : range) : range := (N.max (fst a) (fst b), N.min (snd a) (snd b)).
Definition better (best new : range) :=
  if (0 <? bytes new) && ((bytes best =? 0) || (fst new <? fst best)) then new else best.
Definition best_in (domains : option (list range)) whole want round_up : range :=
  match domains with
  | None => better (0, 0) (cut whole whole want round_up)
  | Some ds => fold_left (fun b d => better b (cut whole (meet whole d) want round_up)) ds (0, 0)
  end.
Fixpoint find_best domains (l : list range) want round_up : option range :=
  match l with [] => None | h :: t =>
    let b := best_in domains h want round_up in if 0 <? bytes b then Some b else find_best domains
      t want round_up end.
Fixpoint take (fuel : nat) domains (avail region : list range) (want : N)
  round_up : list range * list range * N :=
  match fuel with
  | O => (avail, region, 0)
  | S k =>
    if want =? 0 then (avail, region, 0) else
    match find_best domains avail want round_up with
    | None => (avail, region, 0)
    | Some b =>
      let '(a, g, n) := take k domains (remove avail b) (add max_regions region b) (want - bytes b)
        round_up in
      (a, g, n + bytes b)
    end
  end.

(* --- no byte appears from nowhere, and what is taken is gone --- *)

Lemma in_cons x h t : within_list x (h :: t) <-> within x h \/ within_list x t.
Proof.
  unfold within_list; split.
  - intros (r & [-> | H] & W); [left | right; exists r]; auto.
  - intros [W | (r & H & W)]; [exists h | exists r]; simpl; auto.
Qed.
Lemma in_nil x : ~ within_list x []. Proof. intros (r & [] & _). Qed.
Lemma in_app x l m : within_list x (l ++ m) <-> within_list x l \/ within_list x m.
Proof.
  induction l; simpl; [|rewrite !in_cons, IHl; tauto]. split; auto. intros [H | H]; auto.
    destruct (in_nil _ H).
Qed.

Ltac ineq := unfold within in *; simpl in *; repeat match goal with
  | H : (_ <? _) = true |- _ => apply N.ltb_lt in H | H : (_ <? _)
    = false |- _ => apply N.ltb_ge in H
  | H : (_ =? _) = true |- _ => apply N.eqb_eq in H | H : (_ =? _)
    = false |- _ => apply N.eqb_neq in H
  | H : _ && _ = true |- _ => apply andb_prop in H; destruct H
  | H : _ && _ = false |- _ => apply andb_false_iff in H
  | H : negb _ = true |- _ => apply negb_true_iff in H | H : negb _ = false |- _ => apply
    negb_false_iff in H
  end; try lia.

Lemma merge_in x r l : forall m, merge l r = Some m -> within_list x m -> within_list x l \/ within
  x r.
Proof.
  induction l as [|h t IH]; simpl; intros m E W; [discriminate|].
  destruct (snd h <? fst r) eqn:A.
  - destruct (merge t r) as [k|] eqn:B; [|discriminate]. injection E as <-. rewrite in_cons in *.
    destruct W as [W | W]; auto. destruct (IH _ eq_refl W); auto.
  - destruct (snd h =? fst r) eqn:B.
    + injection E as <-. destruct t as [|n t']; [|destruct (fst n =? snd r) eqn:C];
        rewrite !in_cons in *.
      * destruct W as [W | W]; auto. destruct (N.lt_ge_cases x (snd h)); [left; left | right]; ineq.
      * destruct W as [W | W]; auto. destruct (N.lt_ge_cases x (snd h)); [left; left; ineq|].
        destruct (N.lt_ge_cases x (snd r)); [right; ineq | left; right; left; ineq].
      * destruct W as [W | W]; auto. destruct (N.lt_ge_cases x (snd h)); [left; left | right]; ineq.
    + destruct (fst h =? snd r) eqn:C; [|discriminate]. injection E as <-. rewrite in_cons in *.
      destruct W as [W | W]; auto. destruct (N.lt_ge_cases x (fst h)); [right | left; left]; ineq.
Qed.
Lemma insert_in x r l : within_list x (insert l r) -> within_list x l \/ within x r.
Proof.
  induction l as [|h t IH]; simpl; [rewrite in_cons; tauto|].
  destruct (snd h <? fst r); rewrite !in_cons; tauto.
Qed.
Lemma delete_in x l : forall i, within_list x (delete_at l i) -> within_list x l.
Proof. induction l as [|h t IH]; intros [|i]; simpl; rewrite ?in_cons; auto. intros [H | H]; eauto.
  Qed.
Lemma add_in limit x l r : within_list x (add limit l r) -> within_list x l \/ within x r.
Proof.
  unfold add. destruct (merge l r) eqn:E; [now apply merge_in |].
  destruct (Nat.eqb _ _); [|apply insert_in]. destruct l as [|h t]; auto.
  destruct (smallest t 1 0 (bytes h)) as [v s]. destruct (_ <=? _); auto.
  intro W; apply insert_in in W as [W | W]; auto. left; eapply delete_in; eauto.
Qed.
Lemma adds_in limit x m : forall l, within_list x (fold_left (add limit) m l)
  -> within_list x l \/ within_list x m.
Proof.
  induction m as [|r m IH]; simpl; auto. intros l W. rewrite in_cons.
  destruct (IH _ W) as [H | H]; auto. apply add_in in H; tauto.
Qed.
Lemma trim_in x r h : within_list x (trim r h) -> within x h /\ ~ within x r.
Proof.
  unfold trim. destruct (meets h r) eqn:M; simpl.
  - unfold meets in M. destruct (fst h <? fst r) eqn:A; [|destruct (snd r <? snd h) eqn:B];
      rewrite ?in_cons; intro W.
    + destruct W as [W | W]; [split; ineq | destruct (in_nil _ W)].
    + destruct W as [W | W]; [split; ineq | destruct (in_nil _ W)].
    + destruct (in_nil _ W).
  - rewrite in_cons; intros [W | W]; [|destruct (in_nil _ W)]. split; auto. intro R.
    rewrite <- not_true_iff_false in M; apply M. unfold meets, within in *.
    repeat (apply andb_true_intro; split); apply N.ltb_lt; lia.
Qed.
Lemma behind_in x r h : within_list x (beyond r h) -> within x h /\ ~ within x r.
Proof.
  unfold beyond, meets. destruct (_ && (snd r <? snd h)) eqn:M; [|intro W; destruct (in_nil _ W)].
  rewrite in_cons; intros [W | W]; [|destruct (in_nil _ W)]. split; ineq.
Qed.
Lemma flat_in (f : range -> list range) x l (P : Prop) :
  (forall h, In h l -> within_list x (f h) -> P) -> within_list x (flat_map f l) -> P.
Proof.
  induction l as [|h t IH]; simpl; intros H W; [destruct (in_nil _ W)|].
  apply in_app in W as [W | W]; [apply (H h); simpl; auto | apply IH; auto].
  intros k K; apply H; simpl; auto.
Qed.
Lemma remove_in x l r : within_list x (remove l r) -> within_list x l /\ ~ within x r.
Proof.
  unfold remove; intro W. apply adds_in in W as [W | W]; revert W; apply flat_in; intros h H W;
  [apply trim_in in W | apply behind_in in W]; destruct W; split; auto; exists h; auto.
Qed.

Lemma down_le x : down x <= x.
Proof. unfold down, large. pose proof (N.mul_div_le x 2097152). lia. Qed.
Lemma up_ge x : x <= up x.
Proof.
  unfold up, down, large. change (2097152 - 1) with 2097151.
  assert (Z : 2097152 <> 0) by discriminate.
  pose proof (N.div_mod (x + 2097151) 2097152 Z). pose proof (N.mod_lt (x + 2097151) 2097152 Z).
    lia.
Qed.
Lemma cut_in x whole part want u : fst whole <= fst part -> snd part <= snd whole ->
  within x (cut whole part want u) -> within x whole.
Proof.
  intros A B. unfold cut. pose proof (up_ge (fst part)). pose proof (down_le (snd part)).
  destruct (fst part =? fst whole), (snd part =? snd whole), (want <? _); unfold within; simpl; lia.
Qed.
Lemma better_in x a b : within x (better a b) -> within x a \/ within x b.
Proof. unfold better; destruct (_ && _); auto. Qed.
Lemma best_in_in x ds h want u : within x (best_in ds h want u) -> within x h.
Proof.
  unfold best_in; destruct ds as [ds|].
  - assert (G : forall b, (within x b -> within x h) ->
      within x (fold_left (fun b d => better b (cut h (meet h d) want u)) ds b) -> within x h).
    { induction ds as [|d ds IH]; simpl; auto. intros b Hb; apply IH.
      intro W; apply better_in in W as [W | W]; auto.
      revert W; apply cut_in; simpl; lia. }
    apply G. unfold within; simpl; lia.
  - intro W; apply better_in in W as [W | W]; [unfold within in W; simpl in W; lia | revert W;
      apply cut_in; lia].
Qed.
Lemma find_best_in x ds want u l : forall b, find_best ds l want u = Some b -> within x b ->
  within_list x l.
Proof.
  induction l as [|h t IH]; simpl; intros b E W; [discriminate|]. rewrite in_cons.
  destruct (0 <? _); [injection E as <-; left; eapply best_in_in; eauto | right; eauto].
Qed.

Theorem take_safe ds u fuel : forall avail region want a g n,
  take fuel ds avail region want u = (a, g, n) ->
  (forall x, within_list x avail -> ~ within_list x region) ->
  (forall x, within_list x a -> within_list x avail) /\
  (forall x, within_list x g -> within_list x avail \/ within_list x region) /\
  (forall x, within_list x a -> ~ within_list x g).
Proof.
  induction fuel; simpl; intros avail region want a g n E D; [injection E as <- <- <-; auto|].
  destruct (want =? 0); [injection E as <- <- <-; auto|].
  destruct (find_best ds avail want u) as [b|] eqn:B; [|injection E as <- <- <-; auto].
  destruct (take fuel ds _ _ _ u) as [[a' g'] n'] eqn:T. injection E as <- <- <-.
  apply IHfuel in T as (T1 & T2 & T3).
  - repeat split; auto.
    + intros x W; apply T1, remove_in in W; tauto.
    + intros x W; apply T2 in W as [W | W]; [apply remove_in in W; tauto|].
      apply add_in in W as [W | W]; auto. left; eapply find_best_in; eauto.
  - intros x W R. apply remove_in in W as [W N]. apply add_in in R as [R | R]; [eapply D | ]; eauto.
Qed.

(* --- any sequence of the planner's steps --- *)

Definition contains (r s : range) : bool := (fst r <=? fst s) && (snd s <=? snd r).

Inductive planning_step :=
| Reserve (owner : nat) (r : range)  (* boot pages, shared memory, a channel *)
| GiveUp (r : range)                 (* keep_apart(), keep_largest() *)
| Take (owner : nat) (domains : option (list range)) (want : N) (round_up : bool).

Record planned := { free : list range; owned : nat -> list range }.
Definition give (f : nat -> list range) o v := fun p => if Nat.eqb p o then v else f p.

Definition planner_step fuel (s : planned) (x : planning_step) : planned :=
  match x with
  | Reserve o r =>
      if existsb (fun h => contains h r) (free s) then
        {| free := remove (free s) r; owned := give (owned s) o (r :: owned s o) |}
      else s
  | GiveUp r => {| free := remove (free s) r; owned := owned s |}
  | Take o ds want up =>
      let '(a, g, _) := take fuel ds (free s) (owned s o) want up in
      {| free := a; owned := give (owned s) o g |}
  end.

Record apart_plan (available : list range) (s : planned) : Prop := {
  free_unowned : forall o x, within_list x (free s) -> ~ within_list x (owned s o);
  one_owner : forall o p x, o <> p -> within_list x (owned s o) -> ~ within_list x (owned s p);
  from_available : forall x, within_list x (free s) -> within_list x available;
  owned_available : forall o x, within_list x (owned s o) -> within_list x available }.

Lemma planner_step_apart fuel available s x :
  apart_plan available s -> apart_plan available (planner_step fuel s x).
Proof.
  intros [F O A B]. destruct x as [o r | r | o ds want up]; simpl.
  - destruct (existsb _ (free s)) eqn:C; [| split; auto].
    apply existsb_exists in C as (h & Ih & C).
    assert (In_free : forall x, within x r -> within_list x (free s)).
    { intros x W. exists h. split; auto. revert C W. unfold contains, within.
      rewrite andb_true_iff, !N.leb_le. lia. }
    split; simpl; unfold give.
    + intros p x W V. apply remove_in in W as (W & NR).
      destruct (Nat.eqb_spec p o); [| exact (F p x W V)].
      apply in_cons in V as [V | V]; [auto | exact (F o x W V)].
    + intros p q x N W V. destruct (Nat.eqb_spec p o), (Nat.eqb_spec q o); subst; try congruence.
      * apply in_cons in W as [W | W]; [exact (F q x (In_free x W) V) | exact (O o q x N W V)].
      * apply in_cons in V as [V | V]; [exact (F p x (In_free x V) W) | exact (O p o x N W V)].
      * exact (O p q x N W V).
    + intros x W. apply remove_in in W as (W & _). auto.
    + intros p x W. destruct (Nat.eqb_spec p o); [| exact (B p x W)].
      apply in_cons in W as [W | W]; [auto | exact (B o x W)].
  - split; simpl; auto.
    + intros p x W. apply remove_in in W as (W & _). auto.
    + intros x W. apply remove_in in W as (W & _). auto.
  - destruct (take fuel ds (free s) (owned s o) want up) as [[a g] m] eqn:T.
    apply take_safe in T as (T1 & T2 & T3); [| intros x W; exact (F o x W)].
    split; simpl; unfold give.
    + intros p x W V. destruct (Nat.eqb_spec p o); [exact (T3 x W V) | exact (F p x (T1 x W) V)].
    + intros p q x N W V. destruct (Nat.eqb_spec p o), (Nat.eqb_spec q o); subst; try congruence.
      * apply T2 in W as [W | W]; [exact (F q x W V) | exact (O o q x N W V)].
      * apply T2 in V as [V | V]; [exact (F p x V W) | exact (O p o x N W V)].
      * exact (O p q x N W V).
    + intros x W. auto.
    + intros p x W. destruct (Nat.eqb_spec p o); [| exact (B p x W)].
      apply T2 in W as [W | W]; [auto | exact (B o x W)].
Qed.

Theorem no_byte_has_two_owners fuel available steps :
  let s := fold_left (planner_step fuel) steps {| free := available; owned := fun _ => [] |} in
  apart_plan available s.
Proof.
  cbv zeta. assert (G : apart_plan available {| free := available; owned := fun _ => [] |}).
  { split; simpl; auto.
    - intros o x _ H. exact (in_nil _ H).
    - intros o p x _ H. destruct (in_nil _ H).
    - intros o x H. destruct (in_nil _ H). }
  revert G. generalize {| free := available; owned := fun _ : nat => [] |}.
  induction steps as [| x steps IH]; simpl; auto. intros s G. apply IH.
  apply planner_step_apart. exact G.
Qed.

End Limits.

(* --- a finished plan --- *)

Record piece := { owner : nat; piece_range : range; is_private : bool }.
Record machine := {
  ram : list range;      (* entries of type 1 *)
  not_ram : list range;  (* entries of other types *)
  needed : list range;   (* kernel image, modules, what else boot still reads *)
  lowest : N; highest : N }.

Definition without (r f : range) : list range :=
  [(fst r, N.min (snd r) (fst f)); (N.max (fst r) (snd f), snd r)].
Definition minus (r : range) (fs : list range) : list range :=
  fold_left (fun l f => filter (fun h => fst h <? snd h) (flat_map (fun h => without h f) l)) fs
    [r].
Definition is_ram m (r : range) : bool :=
  forallb (fun n => negb (meets n r)) (not_ram m) &&
  match minus r (ram m) with [] => true | _ => false end.
Definition pages_of (r : range) : range := (fst r / large, (snd r + (large - 1)) / large).
Definition two_ok (a b : piece) : bool :=
  negb (meets (piece_range a) (piece_range b)) &&
  (Nat.eqb (owner a) (owner b) || negb (is_private a) || negb (is_private b) ||
   negb (meets (pages_of (piece_range a)) (pages_of (piece_range b)))).
Definition one_ok m (p : piece) : bool :=
  negb (is_private p) ||
  ((fst (piece_range p) mod 4096 =? 0) && (snd (piece_range p) mod 4096 =? 0) &&
   (lowest m <=? fst (piece_range p)) && (snd (piece_range p) <=? highest m) &&
   is_ram m (piece_range p)).
Fixpoint all_two (l : list piece) : bool :=
  match l with [] => true | p :: k => forallb (two_ok p) k && all_two k end.
Definition image_ok m (l : list piece) (i : nat * range) : bool :=
  existsb (fun p => Nat.eqb (owner p) (fst i) && is_private p && contains (piece_range p) (snd i))
    l &&
  forallb (fun b => negb (meets b (snd i))) (needed m) && (fst (snd i) mod 4096 =? 0).
Definition plan_ok m (l : list piece) (images : list (nat * range)) : bool :=
  all_two l && forallb (one_ok m) l && forallb (image_ok m l) images.

Lemma not_meets a b x : meets a b = false -> within x a -> within x b -> False.
Proof.
  intros M A B. apply not_true_iff_false in M. apply M. unfold meets, within in *.
  repeat (apply andb_true_intro; split); apply N.ltb_lt; lia.
Qed.
Lemma minus_keeps x fs : forall l, within_list x l -> (forall f, In f fs -> ~ within x f) ->
  within_list x (fold_left
    (fun l f => filter (fun h => fst h <? snd h) (flat_map (fun h => without h f) l)) fs l).
Proof.
  induction fs as [| f fs IH]; simpl; auto. intros l (h & Ih & W) N. apply IH; auto.
  assert (V : exists k, In k (without h f) /\ within x k).
  { unfold without. specialize (N f (or_introl eq_refl)). unfold within in *. simpl.
    destruct (N.lt_ge_cases x (fst f)).
    - exists (fst h, N.min (snd h) (fst f)). split; [now left |]. simpl. lia.
    - exists (N.max (fst h) (snd f), snd h). split; [right; now left |]. simpl. lia. }
  destruct V as (k & Ik & Wk). exists k. split; auto. apply filter_In. split.
  - apply in_flat_map. eauto.
  - apply N.ltb_lt. unfold within in Wk. lia.
Qed.
Lemma is_ram_right m r x : is_ram m r = true -> within x r ->
  within_list x (ram m) /\ ~ within_list x (not_ram m).
Proof.
  unfold is_ram. intros H W. apply andb_true_iff in H as (N & R). split.
  - destruct (existsb (fun f => (fst f <=? x) && (x <? snd f)) (ram m)) eqn:E.
    + apply existsb_exists in E as (f & I & E). exists f. split; auto. unfold within.
      apply andb_true_iff in E as (A & B). apply N.leb_le in A. apply N.ltb_lt in B. lia.
    + exfalso. assert (K : within_list x (minus r (ram m))).
      { apply minus_keeps; [exists r; split; [now left | auto] |]. intros f I V.
        apply not_true_iff_false in E. apply E. apply existsb_exists. exists f. split; auto.
        unfold within in V. apply andb_true_iff. split; [apply N.leb_le | apply N.ltb_lt]; lia. }
      destruct (minus r (ram m)); [exact (in_nil _ K) | discriminate].
  - intros (f & I & V). rewrite forallb_forall in N. specialize (N f I).
    apply negb_true_iff in N. exact (not_meets _ _ _ N V W).
Qed.
Lemma all_two_right l : all_two l = true -> ForallOrdPairs (fun a b => two_ok a b = true) l.
Proof.
  induction l as [| p l IH]; simpl; [constructor |]. rewrite andb_true_iff. intros (A & B).
  constructor; auto. apply Forall_forall. rewrite forallb_forall in A. auto.
Qed.
Lemma pages_within x r : within x r -> within (x / large) (pages_of r).
Proof.
  unfold within, pages_of, large; simpl. intros (A & B). split.
  - apply N.div_le_mono; [discriminate | exact A].
  - assert (Z : 2097152 <> 0) by discriminate.
      apply N.lt_le_trans with ((x + 1 * 2097152) / 2097152).
    + rewrite N.div_add by exact Z. lia.
    + apply N.div_le_mono; [exact Z | lia].
Qed.

Theorem good_plan m l images : plan_ok m l images = true ->
  ForallOrdPairs (fun a b => forall x y, within x (piece_range a) -> within y (piece_range b) ->
    x <> y /\ (owner a <> owner b -> is_private a = true -> is_private b = true ->
      x / large <> y / large)) l /\
  (forall p x, In p l -> is_private p = true -> within x (piece_range p) ->
    lowest m <= x < highest m /\ within_list x (ram m) /\ ~ within_list x (not_ram m)) /\
  (forall i, In i images -> exists p, In p l /\ owner p = fst i /\ forall x, within x (snd i) ->
    within x (piece_range p) /\ ~ within_list x (needed m)).
Proof.
  unfold plan_ok. rewrite !andb_true_iff. intros ((T & O) & I). rewrite forallb_forall in O.
  assert (Each : forall p, In p l -> is_private p = true ->
      lowest m <= fst (piece_range p) /\ snd (piece_range p) <= highest m /\
      is_ram m (piece_range p) = true).
  { intros p Ip Pp. specialize (O p Ip). unfold one_ok in O. rewrite Pp in O. simpl in O.
    rewrite !andb_true_iff in O. destruct O as ((((_ & _) & A) & B) & R).
    apply N.leb_le in A, B. auto. }
  assert (Bound : forall p x, In p l -> is_private p = true -> within x (piece_range p) ->
      lowest m <= x /\ x < highest m).
  { intros p x Ip Pp W. destruct (Each p Ip Pp) as (A & B & _). unfold within in W. lia. }
  assert (Ram : forall p x, In p l -> is_private p = true -> within x (piece_range p) ->
      within_list x (ram m) /\ ~ within_list x (not_ram m)).
  { intros p x Ip Pp W. destruct (Each p Ip Pp) as (_ & _ & R). exact (is_ram_right _ _ _ R W). }
  repeat split.
  - apply all_two_right in T. revert T. clear. induction 1 as [| a l Ha Hl IH]; constructor; auto.
    apply Forall_forall. rewrite Forall_forall in Ha. intros b Ib x y Wx Wy. specialize (Ha b Ib).
    unfold two_ok in Ha. apply andb_true_iff in Ha as (M & G). apply negb_true_iff in M. split.
    + intro E. subst. exact (not_meets _ _ _ M Wx Wy).
    + intros N Pa Pb E. rewrite Pa, Pb in G. simpl in G. rewrite !orb_false_r in G.
      apply orb_true_iff in G as [G | G]; [now apply Nat.eqb_eq in G |].
      apply negb_true_iff in G. apply pages_within in Wx, Wy. rewrite E in Wx.
      exact (not_meets _ _ _ G Wx Wy).
  - exact (proj1 (Bound p x H H0 H1)).
  - exact (proj2 (Bound p x H H0 H1)).
  - exact (proj1 (Ram p x H H0 H1)).
  - exact (proj2 (Ram p x H H0 H1)).
  - intros i Ii. rewrite forallb_forall in I. specialize (I i Ii). unfold image_ok in I.
    rewrite !andb_true_iff in I. destruct I as ((E & N) & _).
    apply existsb_exists in E as (p & Ip & E). rewrite !andb_true_iff in E.
    destruct E as ((E & _) & C). apply Nat.eqb_eq in E. exists p. repeat split; auto.
    + revert C H. unfold contains, within. rewrite andb_true_iff, !N.leb_le. lia.
    + revert C H. unfold contains, within. rewrite andb_true_iff, !N.leb_le. lia.
    + intros (b & Ib & W). rewrite forallb_forall in N. specialize (N b Ib).
      apply negb_true_iff in N. exact (not_meets _ _ _ N W H).
Qed.

(* Plans that must be found bad: an overlap, a large page of two owners, memory that is no RAM, an
   image outside of its node's region. *)
Definition small_machine := {| ram := [(1048576, 16777216)]; not_ram := [(8388608, 8392704)];
  needed := [(2097152, 2101248)]; lowest := 1048576; highest := 16777216 |}.
Definition node_piece o a b := {| owner := o; piece_range := (a, b); is_private := true |}.
Example good : plan_ok small_machine
  [node_piece 0 4194304 6291456; node_piece 1 6291456 8388608] [(0%nat, (4194304, 4198400))] = true.
Proof. vm_compute. reflexivity. Qed.
Example overlap : plan_ok small_machine
  [node_piece 0 4194304 6295552; node_piece 1 6291456 8388608] [] = false.
Proof. vm_compute. reflexivity. Qed.
Example one_large_page : plan_ok small_machine
  [node_piece 0 4194304 6295552; node_piece 1 6295552 8388608] [] = false.
Proof. vm_compute. reflexivity. Qed.
Example no_ram : plan_ok small_machine [node_piece 0 8388608 10485760] [] = false.
Proof. vm_compute. reflexivity. Qed.
Example image_elsewhere : plan_ok small_machine
  [node_piece 0 4194304 6291456; node_piece 1 6291456 8388608] [(1%nat, (4194304, 4198400))] =
    false.
Proof. vm_compute. reflexivity. Qed.
