(* Looks at the page tables in a machine's memory with the checker of Isolation.v.
   "isolation-oracle MEMORY", where MEMORY has the bytes from physical address 0 on. Standard input
   has the plan, in numbers: nodes; the private regions of each; shared; channels; kernel image;
   text; status pages; console pages; devices for users of each node; devices for kernels of each;
   then pairs of a node and a page table's address; then of each node the frames that it was given.
   Prints one line for each that is bad, and a line of figures; status 1 if anything is bad. *)
open Isolation_functions

let rec lines channel = match input_line channel with
  | line -> line :: lines channel
  | exception End_of_file -> []
let words =
  ref (List.concat_map (String.split_on_char ' ') (lines stdin) |> List.filter (( <> ) ""))
let number () =
  match !words with
  | word :: rest -> words := rest; int_of_string word
  | [] -> failwith "the plan is too short"
let times count item = List.init count (fun _ -> item ())
let range () = let first = number () in (first, number ())
let ranges () = let count = number () in times count range

let bytes =
  let file = open_in_bin Sys.argv.(1) in
  really_input_string file (in_channel_length file)
let half at =
  (* Memory that is not there reads as ones, which no permitted entry is. *)
  if at + 4 > String.length bytes then 0xffffffff
  else Int32.to_int (String.get_int32_le bytes at) land 0xffffffff
let memory at = (half at, half (at + 4))

let bad = ref 0
let complain text = incr bad; print_endline ("bad: " ^ text)

let () =
  let nodes = number () in
  let private0 = times nodes ranges in
  let shared = range () in
  let count = number () in
  let channel () = let a = number () in let b = number () in ((a, b), range ()) in
  let channels = times count channel in
  let image = range () in
  let text = range () in
  let status_pages = range () in
  let console_pages = range () in
  let devices = times nodes ranges in
  let kernel_devices = times nodes ranges in
  let plan = { private0; shared; channels; image; text; status_pages; console_pages; devices;
               kernel_devices } in
  if not (plan_apart plan) then complain "the plan: regions of different owners meet";
  let tables = number () in
  for _ = 1 to tables do
    let node = number () in
    let root = number () in
    if not (check_node memory plan node root) then
      complain (Printf.sprintf "the page table at %#x, of node %d" root node)
  done;
  for node = 0 to nodes - 1 do
    let count = number () in
    let given = times count number in
    if not (check_frames plan node given) then
      complain (Printf.sprintf "the frames of several nodes that node %d was given" node)
  done;
  Printf.printf "%d nodes, %d page tables, %d bad\n" nodes tables !bad;
  exit (if !bad = 0 && tables >= nodes && nodes > 0 then 0 else 1)
