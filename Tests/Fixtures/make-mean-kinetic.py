#!/usr/bin/python3
"""Writes mean-kinetic.csv beside this file: exponentials, logarithms and mean kinetic temperatures from -80 to 120 °C, computed
with 60 decimal digits, against which the agent's integers are tested. With --roots it prints the constants of BinaryLogarithm.swift.

Lines: power,x,mantissa,exponent   2^-(x/2^40) = mantissa/2^63 * 2^exponent
       logarithm,mantissa,value    log2(mantissa/2^63) * 2^40, rounded down
       mean,T*n T*n ...,mean       temperatures in m°C with their counts, and their mean in m°C with six decimals"""
import decimal
import random
import sys
from decimal import Decimal
from pathlib import Path

decimal.getcontext().prec = 60
LN2 = Decimal(2).ln()
ACTIVATION = Decimal("83144") / Decimal("8.3144")      # ΔH/R in K: exactly 10,000
ZERO = Decimal("273.15")


def power(x):
    value = (-Decimal(x) / 2**40 * LN2).exp()
    exponent = 0
    while value < 1:
        value *= 2
        exponent -= 1
    return f"power,{x},{round(value * 2**63)},{exponent}"


def logarithm(mantissa):
    value = (Decimal(mantissa) / 2**63).ln() / LN2 * 2**40
    return f"logarithm,{mantissa},{int(value)}"


def mean(parts):
    total = sum(count for _, count in parts)
    kelvin = [(Decimal(milli) / 1000 + ZERO, count) for milli, count in parts]
    result = ACTIVATION / -(sum(count * (-ACTIVATION / t).exp() for t, count in kelvin) / total).ln() - ZERO
    return f"mean,{' '.join(f'{milli}*{count}' for milli, count in parts)},{result * 1000:.6f}"


def main():
    if "--roots" in sys.argv:
        for k in range(1, 41):
            print(f"{round((LN2 / 2**k).exp() * 2**63):#x}")
        return
    chance = random.Random(1079)
    lines = []
    for celsius in range(-80, 121):
        lines.append(power(round(ACTIVATION / LN2 / (celsius + ZERO) * 2**40)))
    lines += [power(x) for x in (0, 1, 2**40 - 1, 2**40, 2**40 + 1, 2**41, 63 * 2**40, 84 * 2**40 - 1)]
    mantissas = [2**63, 2**63 + 1, 2**64 - 1, 3 * 2**62] + [chance.randrange(2**63, 2**64) for _ in range(100)]
    lines += [logarithm(mantissa) for mantissa in mantissas]
    lines += [mean([(5000, 100)]), mean([(5000, 92), (20000, 8)]), mean([(-80000, 1), (120000, 1)]), mean([(-80000, 1000000), (120000, 1)])]
    lines += [mean([(celsius * 1000, 1), (celsius * 1000 + 10000, 3)]) for celsius in range(-80, 111)]
    for _ in range(200):
        parts = [(chance.randint(-80000, 120000), chance.randint(1, 500)) for _ in range(chance.randint(1, 8))]
        lines.append(mean(parts))
    Path(__file__).with_name("mean-kinetic.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
