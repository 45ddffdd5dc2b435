(* Looks at a recorded boot with the checker of BootTrace.v. Standard input: the number of flag
   ranges, and these; then the boot CPU's program. A program is the number of its events, and these:
   "R" or "W", the number of ranges, and these; "F"; "S", the number of a CPU and its program.
   Prints one line; status 1 if the checker refuses the boot. *)
open Boot_functions

let rec lines channel = match input_line channel with
  | line -> line :: lines channel
  | exception End_of_file -> []
let words =
  ref (List.concat_map (String.split_on_char ' ') (lines stdin) |> List.filter (( <> ) ""))
let word () = match !words with
  | word :: rest -> words := rest; word
  | [] -> failwith "the trace is too short"
let number () = int_of_string (word ())
let times count item = List.init count (fun _ -> item ())
let ranges () =
  let count = number () in
  times count (fun () -> let start = number () in (start, number ()))

let starts = ref 0
let rec program () = let count = number () in times count event
and event () = match word () with
  | "R" -> Read (ranges ())
  | "W" -> Write (ranges ())
  | "F" -> Fence
  | "S" -> incr starts; let cpu = number () in Start (cpu, program ())
  | other -> failwith ("no event: " ^ other)

let () =
  let flags = ranges () in
  let boot = program () in
  if !words <> [] then failwith "the trace is too long";
  let fenced = fenced_trace boot and disjoint = disjoint_trace flags boot in
  Printf.printf "oracle: %d starts, %s, %s\n" !starts
    (if fenced then "fenced" else "a start without a fence before it")
    (if disjoint then "disjoint" else "a CPU reads what another writes");
  exit (if fenced && disjoint then 0 else 1)
