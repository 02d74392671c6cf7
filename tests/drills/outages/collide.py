# SPDX-License-Identifier: MIT
"""Keys of P-256 whose tag is the one that is wanted."""
import secrets

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

FORM = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


# P-256: its prime, its order, its generator.
PRIME = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
GENERATOR = ec.derive_private_key(1, ec.SECP256R1()).public_key().public_numbers()


def tag(flags, x, y):
    """RFC 4034 Appendix B for P-256."""
    rdata = flags.to_bytes(2, "big") + b"\x03\x0d" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
    total = sum(int.from_bytes(rdata[i:i + 2], "big") for i in range(0, len(rdata), 2))
    return (total + (total >> 16)) & 0xffff


def public(private):
    numbers = ec.derive_private_key(private, ec.SECP256R1()).public_key().public_numbers()
    return numbers.x, numbers.y


def inverses(numbers):
    """Of all of them by one division, modulo the prime."""
    products = [1]
    for number in numbers:
        products.append(products[-1] * number % PRIME)
    rest, out = pow(products.pop(), -1, PRIME), []
    for number, product in zip(reversed(numbers), reversed(products)):
        out.append(rest * product % PRIME)
        rest = rest * number % PRIME
    return reversed(out)


def collide(wanted, count):
    """Keys whose tag as a ZSK is `wanted`: one in 65,536 is. Many points go on together, by the generator at each step."""
    privates = [secrets.randbelow(ORDER >> 1) + 2 for _ in range(1024)]
    points = [public(private) for private in privates]
    # A sum of words with what overflows is a remainder; what overflows once more is lost.
    remainders = [(wanted + lost - 256 - 0x030d) % 0xffff for lost in (0, 1)]
    found, steps = [], 0
    while len(found) < count:
        steps += 1
        following = []
        for (x, y), inverse in zip(points, inverses([(x - GENERATOR.x) % PRIME for x, _ in points])):
            slope = (y - GENERATOR.y) * inverse % PRIME
            new = (slope * slope - x - GENERATOR.x) % PRIME
            following.append((new, (slope * (x - new) - y) % PRIME))
        points = following
        for private, (x, y) in zip(privates, points):
            if (x + y) % 0xffff in remainders and tag(256, x, y) == wanted:
                key = ec.derive_private_key(private + steps, ec.SECP256R1())
                assert public(private + steps) == (x, y)
                found.append(key.private_bytes(*FORM))
    return found[:count]
