(* Isolation of nodes, in page tables.

   Thesis: theorems 5.7.1 (kernel isolation), 5.8.1 (user-level isolation)
     and the half of 5.8.2 that
   page tables show (which memory sharers can reach), for one moment of one run; 5.9.5 needs more.

   In words: `check_root` walks page tables as an x86-64 processor does, with four levels and large
   pages, and asks for each page whether the plan permits it. If it says yes, then every address
   that the processor could translate leads to memory that the plan permits to that node, with the
   rights that it permits. If besides `plan_apart` says yes to the plan, no address of a node leads
   to private memory of another, to a channel of others, or, in user mode, to the kernel's image.

   Assumed: the processor translates as `translate` says (Intel SDM volume 3, 4.5);
     TLBs hold nothing
   else (docs/locking.md, tests/models/shootdown.pml); devices are not confined (CAVEATS.md).

   The mechanism: extracted to OCaml, and run by tests/system/isolation/check on the memory of
   stopped clusters, with the plan from the record, for the page table of each node and of each CPU.
   The same memory with another node's plan must be refused, and so must one with an entry added. *)
From Coq Require Import List Arith NArith Bool Lia.
Import ListNotations.
Open Scope N_scope.

Definition range := (N * N)%type. (* [start, end) *)
Definition within (x : N) (r : range) := fst r <= x < snd r.
Definition contains (r s : range) : bool := (fst r <=? fst s) && (snd s <=? snd r).
Definition apart (r s : range) : bool :=
  (snd r <=? fst s) || (snd s <=? fst r) || (snd r <=? fst r) || (snd s <=? fst s).

(* --- what the processor does --- *)

(* A word of memory comes in halves of 32 bits, low and high. *)
Definition bit (x k : N) : bool := (x / 2 ^ k) mod 2 =? 1.
Record entry := {
  present : bool; writable : bool; user : bool; large : bool; no_execute : bool; address : N }.
Definition decode (w : N * N) : entry :=
  let (low, high) := w in
  {| present := bit low 0; writable := bit low 1; user := bit low 2; large := bit low 7;
     no_execute := bit high 31;
     address := (high mod 2 ^ 20) * 2 ^ 32 + (low - low mod 4096) |}.

Record rights := { may_write : bool; may_user : bool; may_execute : bool }.
Record place := { physical : N; with_rights : rights }.

Definition all_rights := {| may_write := true; may_user := true; may_execute := true |}.
Definition restrict (r : rights) (e : entry) :=
  {| may_write := may_write r && writable e; may_user := may_user r && user e;
     may_execute := may_execute r && negb (no_execute e) |}.

(* Level 0: page tables, of 4 KiB pages; 3: the root. *)
Definition size (level : nat) : N := 2 ^ (12 + 9 * N.of_nat level).
Definition index (level : nat) (va : N) : N := (va / size level) mod 512.
Definition is_page (level : nat) (e : entry) : bool := Nat.eqb level 0 || large e.
Definition base (level : nat) (e : entry) : N := address e - address e mod size level.

Section Memory.
  Variable memory : N -> N * N. (* the word at a physical address *)
  Definition entry_at (table i : N) : entry := decode (memory (table + 8 * i)).

  Fixpoint translate (levels : nat) (table va : N) (r : rights) : option place :=
    match levels with
    | O => None
    | S level =>
        let e := entry_at table (index level va) in
        let q := restrict r e in
        if negb (present e) then None
        else if is_page level e then
          Some {| physical := base level e + va mod size level; with_rights := q |}
        else translate level (address e) va q
    end.

  (* --- the checker --- *)

  Section Permission.
    (* Whether all of a page may be mapped with these rights; in the kernel's half or the user's. *)
    Variable permits : bool -> range -> rights -> bool.
    Variable indices : list N.
    Hypothesis indices_all : forall i, i < 512 -> In i indices.

    Fixpoint check (levels : nat) (kernel_half : N -> bool) (table : N) (r : rights) : bool :=
      match levels with
      | O => true
      | S level =>
          forallb (fun i =>
            let e := entry_at table i in
            let q := restrict r e in
            if negb (present e) then true
            else if is_page level e then
              permits (kernel_half i) (base level e, base level e + size level) q
            else check level (fun _ => kernel_half i) (address e) q) indices
      end.
    Definition check_root (root : N) : bool :=
      check 4 (fun i => 256 <=? i) root all_rights.

    Lemma size_positive level : 0 < size level.
    Proof. unfold size. pose proof (N.pow_nonzero 2 (12 + 9 * N.of_nat level)). lia. Qed.

    Lemma check_right levels : forall half table r va p,
      check levels half table r = true -> translate levels table va r = Some p ->
      exists b n, b <= physical p < b + n /\
        permits (half (index (pred levels) va)) (b, b + n) (with_rights p) = true.
    Proof.
      induction levels as [| level IH]; simpl; intros half table r va p C T; [discriminate |].
      rewrite forallb_forall in C.
      assert (I : In (index level va) indices)
        by (apply indices_all; unfold index; apply N.mod_lt; discriminate).
      specialize (C _ I). simpl in C.
      set (e := entry_at table (index level va)) in *.
      destruct (negb (present e)); [discriminate |].
      destruct (is_page level e) eqn:P.
      - injection T as <-. exists (base level e), (size level). simpl. split; auto.
        pose proof (size_positive level) as Z. assert (N0 : size level <> 0) by lia.
        assert (X : forall a m n, m < n -> a <= a + m < a + n) by lia.
        exact (X _ _ _ (N.mod_lt va (size level) N0)).
      - destruct (IH _ _ _ _ _ C T) as (b & n & B & Q). eauto.
    Qed.

    Definition half_of (va : N) : bool := 256 <=? index 3 va.
    Theorem checked_translations root va p :
      check_root root = true -> translate 4 root va all_rights = Some p ->
      exists b n, b <= physical p < b + n /\
        permits (half_of va) (b, b + n) (with_rights p) = true.
    Proof. intros C T. exact (check_right 4 _ root _ va p C T). Qed.
  End Permission.
End Memory.

(* --- what a plan permits --- *)

Record plan := {
  private : list (list range);            (* by node *)
  shared : range;
  channels : list (nat * nat * range);
  image : range;                          (* the kernel's, with the record *)
  text : range;                           (* of it, what is executable *)
  status_pages : range;                   (* one of 4 KiB for each node *)
  console_pages : range;
  devices : list (list range);            (* by node: what its users may map *)
  kernel_devices : list (list range) }.   (* by node: interrupt controllers *)

Definition private_of P n := nth n (private P) [].
Definition devices_of P n := nth n (devices P) [].
Definition kernel_devices_of P n := nth n (kernel_devices P) [].
Definition status_of P (n : nat) : range :=
  (fst (status_pages P) + 4096 * N.of_nat n, fst (status_pages P) + 4096 * N.of_nat n + 4096).
Definition channels_of P n :=
  map snd (filter (fun c => Nat.eqb n (fst (fst c)) || Nat.eqb n (snd (fst c))) (channels P)).
Definition channels_of_others P n :=
  map snd (filter (fun c => negb (Nat.eqb n (fst (fst c)) || Nat.eqb n (snd (fst c))))
    (channels P)).

Definition some_contains (rs : list range) (r : range) := existsb (fun s => contains s r) rs.

(* Neighbouring ranges of a node touch where banks of memory do; pages never cross from one to
   another, because ranges are cut at 2 MiB boundaries or at the ends of RAM. *)
Definition permits P n (kernel : bool) (page : range) (r : rights) : bool :=
  if kernel then
    negb (may_user r) &&
    ((contains (text P) page && may_execute r && negb (may_write r)) ||
     (negb (may_execute r) &&
      ((contains (image P) page && negb (may_write r)) ||
       some_contains (private_of P n ++ kernel_devices_of P n) page ||
       contains (status_of P n) page || contains (console_pages P) page ||
       (contains (status_pages P) page && negb (may_write r)))))
  else
    some_contains (private_of P n ++ shared P :: channels_of P n ++ devices_of P n) page ||
    (contains (status_pages P) page && negb (may_write r)).

(* All that a node may reach. *)
Definition reachable P n : list range :=
  image P :: status_pages P :: console_pages P ::
  kernel_devices_of P n ++ private_of P n ++ shared P :: channels_of P n ++ devices_of P n.

Definition apart_from (rs : list range) (s : range) := forallb (fun r => apart r s) rs.
Definition all_apart (rs ss : list range) := forallb (apart_from rs) ss.
Definition nodes P := seq 0 (length (private P)).
Definition plan_apart P : bool :=
  contains (image P) (text P) &&
  forallb (fun n => contains (status_pages P) (status_of P n) &&
    forallb (fun m => Nat.eqb m n || all_apart (reachable P n) (private_of P m)) (nodes P) &&
    all_apart (reachable P n) (channels_of_others P n) &&
    all_apart (private_of P n ++ shared P :: channels_of P n ++ devices_of P n) [image P] &&
    apart (status_pages P) (image P)) (nodes P).

Lemma within_contains x r s : contains r s = true -> within x s -> within x r.
Proof. unfold contains, within. rewrite andb_true_iff, !N.leb_le. lia. Qed.
Lemma within_apart x r s : apart r s = true -> within x r -> within x s -> False.
Proof. unfold apart, within. rewrite !orb_true_iff, !N.leb_le. lia. Qed.
Lemma some_contains_in x rs r : some_contains rs r = true -> within x r ->
  exists s, In s rs /\ within x s.
Proof.
  unfold some_contains. rewrite existsb_exists. intros (s & I & C) W. exists s. split; auto.
  exact (within_contains x s r C W).
Qed.
Lemma all_apart_false x rs ss : all_apart rs ss = true -> (exists r, In r rs /\ within x r) ->
  (exists s, In s ss /\ within x s) -> False.
Proof.
  unfold all_apart, apart_from. rewrite forallb_forall. intros H (r & I & W) (s & J & V).
  specialize (H s J). rewrite forallb_forall in H. exact (within_apart x r s (H r I) W V).
Qed.

Lemma permitted_is_reachable P n kernel page r x : plan_apart P = true -> In n (nodes P) ->
  permits P n kernel page r = true -> within x page -> exists s, In s (reachable P n) /\ within x s.
Proof.
  unfold plan_apart. rewrite andb_true_iff, forallb_forall. intros (T & A) N H W.
  specialize (A n N). repeat rewrite andb_true_iff in A. destruct A as ((((St & _) & _) & _) & _).
  unfold reachable, permits in *. destruct kernel.
  - apply andb_true_iff in H as (_ & H). apply orb_true_iff in H as [H | H].
    + apply andb_true_iff in H as (H & _). apply andb_true_iff in H as (H & _).
      exists (image P). split; [now left |]. apply (within_contains x _ page); auto.
      revert H T. unfold contains. rewrite !andb_true_iff, !N.leb_le. lia.
    + apply andb_true_iff in H as (_ & H). rewrite !orb_true_iff in H.
      destruct H as [[[[H | H] | H] | H] | H].
      * apply andb_true_iff in H as (H & _). exists (image P). split; [now left |].
        exact (within_contains x _ _ H W).
      * destruct (some_contains_in x _ _ H W) as (s & I & V). exists s. split; auto.
        do 3 right. apply in_or_app. apply in_app_or in I as [I | I]; [right | now left].
        apply in_or_app. now left.
      * exists (status_pages P). split; [right; now left |].
        apply (within_contains x _ _ St). exact (within_contains x _ _ H W).
      * exists (console_pages P). split; [right; right; now left |].
        exact (within_contains x _ _ H W).
      * apply andb_true_iff in H as (H & _). exists (status_pages P). split; [right; now left |].
        exact (within_contains x _ _ H W).
  - apply orb_true_iff in H as [H | H].
    + destruct (some_contains_in x _ _ H W) as (s & I & V). exists s. split; auto.
      do 3 right. apply in_or_app. now right.
    + apply andb_true_iff in H as (H & _). exists (status_pages P). split; [right; now left |].
      exact (within_contains x _ _ H W).
Qed.

Definition index_list : list N := map N.of_nat (seq 0 512).
Lemma index_list_all i : i < 512 -> In i index_list.
Proof.
  intro L. unfold index_list. apply in_map_iff. exists (N.to_nat i). split; [apply N2Nat.id |].
  apply in_seq. lia.
Qed.

Definition check_node memory P n root := check_root memory (permits P n) index_list root.

Section Isolated.
  Variables (memory : N -> N * N) (P : plan) (n : nat) (root : N).
  Hypothesis good_plan : plan_apart P = true.
  Hypothesis is_node : In n (nodes P).
  Hypothesis checked : check_node memory P n root = true.

  (* 5.7.1, 5.8.1 *)
  Theorem isolation va p : translate memory 4 root va all_rights = Some p ->
    (exists s, In s (reachable P n) /\ within (physical p) s) /\
    (forall m, In m (nodes P) -> m <> n ->
      ~ exists s, In s (private_of P m) /\ within (physical p) s) /\
    (~ exists s, In s (channels_of_others P n) /\ within (physical p) s).
  Proof.
    intro T.
    destruct (checked_translations _ _ _ index_list_all root va p checked T) as (b & k & B & H).
    pose proof (permitted_is_reachable P n _ _ _ (physical p) good_plan is_node H B) as R.
    split; auto. pose proof good_plan as A. unfold plan_apart in A.
    rewrite andb_true_iff, forallb_forall in A. destruct A as (_ & A). specialize (A n is_node).
    repeat rewrite andb_true_iff in A. destruct A as ((((_ & Others) & Ch) & _) & _).
    rewrite forallb_forall in Others. split.
    - intros m M N S. specialize (Others m M). apply orb_true_iff in Others as [E | E].
      + apply Nat.eqb_eq in E. auto.
      + exact (all_apart_false _ _ _ E R S).
    - intro S. exact (all_apart_false _ _ _ Ch R S).
  Qed.

  (* What users reach is nothing of the kernel's image, and they write no status page. *)
  Theorem user_isolation va p : translate memory 4 root va all_rights = Some p ->
    may_user (with_rights p) = true ->
    ~ within (physical p) (image P) /\
    (may_write (with_rights p) = true ->
      exists s, In s (private_of P n ++ shared P :: channels_of P n ++ devices_of P n) /\
        within (physical p) s).
  Proof.
    intros T U.
    destruct (checked_translations _ _ _ index_list_all root va p checked T) as (b & k & B & H).
    unfold permits in H. rewrite U in H. destruct (half_of va); [discriminate |].
    pose proof good_plan as A. unfold plan_apart in A.
    rewrite andb_true_iff, forallb_forall in A. destruct A as (_ & A). specialize (A n is_node).
    repeat rewrite andb_true_iff in A. destruct A as ((_ & Im) & St).
    apply orb_true_iff in H as [H | H].
    - pose proof (some_contains_in (physical p) _ _ H B) as S. split; auto. intro W.
      apply (all_apart_false _ _ _ Im S). exists (image P). split; [now left | exact W].
    - apply andb_true_iff in H as (H & R). split.
      + intro W. exact (within_apart _ _ _ St (within_contains _ _ _ H B) W).
      + intro W. rewrite W in R. discriminate.
  Qed.
End Isolated.

(* 5.8.2, for the lists of shared frames that boot gave to each node: all the same, and all of the
   shared region; and both ends of a channel have the same. *)
Fixpoint frames_from (start : N) (count : nat) : list N :=
  match count with O => [] | S k => start :: frames_from (start + 2 ^ 21) k end.
Definition frames_of (r : range) := frames_from (fst r) (N.to_nat ((snd r - fst r) / 2 ^ 21)).
Definition expected_frames P n := frames_of (shared P) ++ flat_map frames_of (channels_of P n).
Fixpoint same_list (a b : list N) : bool :=
  match a, b with
  | [], [] => true
  | x :: k, y :: l => (x =? y) && same_list k l
  | _, _ => false
  end.
Definition check_frames P n (given : list N) : bool := same_list given (expected_frames P n).

Lemma same_list_right a : forall b, same_list a b = true -> a = b.
Proof.
  induction a as [| x a IH]; intros [| y b]; simpl; try discriminate; auto.
  rewrite andb_true_iff, N.eqb_eq. intros (-> & H). f_equal. auto.
Qed.
Theorem sharing P m n given_m given_n : check_frames P m given_m = true ->
  check_frames P n given_n = true ->
  exists rest_m rest_n, given_m = frames_of (shared P) ++ rest_m /\
    given_n = frames_of (shared P) ++ rest_n /\
    forall c, In c (channels P) -> (m = fst (fst c) \/ m = snd (fst c)) ->
      (n = fst (fst c) \/ n = snd (fst c)) -> forall f, In f (frames_of (snd c)) ->
      In f rest_m /\ In f rest_n.
Proof.
  unfold check_frames. intros A B. apply same_list_right in A, B.
  exists (flat_map frames_of (channels_of P m)), (flat_map frames_of (channels_of P n)).
  repeat split; auto; apply in_flat_map; exists (snd c); split; auto;
    apply in_map; apply filter_In; split; auto; apply orb_true_iff; rewrite !Nat.eqb_eq; intuition.
Qed.
