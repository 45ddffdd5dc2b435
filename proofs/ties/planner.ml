(* Compares what the C planner did with the functions of Planner.v. Reads what planner.c prints:
   "planner-oracle take" or "planner-oracle plan". Prints the first differences, and one line of
   figures; status 1 if anything differs, or if too little was compared to mean something. *)
open Planner_functions

let words = ref []
let number () =
  match !words with
  | word :: rest -> words := rest; int_of_string word
  | [] -> failwith "a line is too short"
let times count item = List.init count (fun _ -> item ())
let range () = let first = number () in (first, number ())
let ranges () = let count = number () in times count range

let differences = ref 0
let differs text =
  incr differences;
  if !differences <= 3 then print_endline text

let cases = ref 0
let compared = ref 0

let take_line () =
  let free_limit = number () in
  let region_limit = number () in
  let free = ref (ranges ()) in
  let region = ref [] in
  let count = number () in
  for _ = 1 to count do
    if number () = 1 then region := [];
    let bytes = number () in
    let round_up = number () = 1 in
    let is_local = number () = 1 in
    let local = ranges () in
    let taken = number () in
    let free_then = ranges () in
    let region_then = ranges () in
    let ((free', region'), taken') =
      take free_limit region_limit 100000 (if is_local then Some local else None) !free !region
        bytes round_up in
    incr compared;
    if free' <> free_then || region' <> region_then || taken' <> taken then
      differs (Printf.sprintf "differs: case %d, %d bytes: C takes %d, Coq %d" !cases bytes taken
                 taken');
    free := free_then;
    region := region_then
  done

let plan_line () =
  if number () = 1 then begin
    let lowest = number () in
    let highest = number () in
    let ram = ranges () in
    let not_ram = ranges () in
    let needed = ranges () in
    let piece () =
      let whose = number () in
      let is_private = number () = 1 in
      { owner = whose; is_private; piece_range = range () } in
    let count = number () in
    let pieces = times count piece in
    let count = number () in
    let images = times count (fun () -> let node = number () in (node, range ())) in
    incr compared;
    if not (plan_ok { ram; not_ram; needed; lowest; highest } pieces images) then
      differs (Printf.sprintf "bad: the plan of machine %d" !cases)
  end

let () =
  let line = if Sys.argv.(1) = "take" then take_line else plan_line in
  (try
     while true do
       words := String.split_on_char ' ' (input_line stdin) |> List.filter (( <> ) "");
       incr cases;
       line ()
     done
   with End_of_file -> ());
  Printf.printf "%d cases, %d compared, %d wrong\n" !cases !compared !differences;
  exit (if !differences = 0 && !compared * 10 >= !cases && !cases > 0 then 0 else 1)
