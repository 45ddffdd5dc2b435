// "1 << bits" is an int: with 31 bits or more it is undefined, and a size cut off at 32 bits is a
// wrong size. BIT(bits) is 64 bits wide. Shifts by constants are the compiler's to check; a cast to
// a narrow type shows that it is meant.
@meant@
typedef uint8_t, uint16_t, uint32_t;
constant one =~ "^1[uU]?$";
expression bits;
position p;
@@
(
  (uint8_t)(one <<@p bits)
|
  (uint16_t)(one <<@p bits)
|
  (uint32_t)(one <<@p bits)
)

@shift@
constant one =~ "^1[uU]?$";
identifier bits =~ "^[a-z]";
expression object;
position p != meant.p;
@@
(
  one <<@p bits
|
  one <<@p object->bits
|
  one <<@p object.bits
)

@script:python@
p << shift.p;
@@
print("%s:%s: a 32-bit 1 is shifted by a variable: use BIT()" % (p[0].file, p[0].line))
