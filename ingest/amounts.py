"""Money as text: what the store parses exactly, whatever the client's JSON library made of it."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

FRACTION_DIGITS_MAX = 9

_EXACT = Context(prec=40, rounding=ROUND_HALF_EVEN)
_STEP = Decimal((0, (1,), -FRACTION_DIGITS_MAX))


def decimal_text(amount: float | str) -> str:
    """Write `amount` as a plain decimal with at most 9 fraction digits, never with an exponent.

    A string that passed the schema is plain already and stays as it is. A number (absolute value
    below 10^18) is taken by its shortest decimal form, so 0.1 is 0.1, and rounded half to even.
    """
    if isinstance(amount, str):
        return amount
    if isinstance(amount, int):
        return str(amount)
    text = repr(amount)
    if "e" in text or len(text) - text.index(".") > 1 + FRACTION_DIGITS_MAX:
        text = format(_EXACT.quantize(Decimal(text), _STEP), "f")
    text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
