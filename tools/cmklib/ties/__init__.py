"""What ties the theorems in proofs/ to the code: extracted programs, fed with what it did."""
