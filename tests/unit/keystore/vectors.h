/* SPDX-License-Identifier: MIT */
/* Made by make_vectors.py; keys by dnssec-keygen for example.nl, for tests only. */
/* clang-format off */
#pragma once

#include <stdint.h>

#define VECTOR_MESSAGE "The quick brown fox signs the lazy zone."

struct vector {
	const char *title;
	uint8_t algorithm;
	uint16_t flags, tag, revoked_tag;
	const char *public_key, *fingerprint, *ds_sha256, *ds_sha384, *signature, *pem; /* hexadecimal, and text */
};

static const struct vector vectors[] = {
	{ .title = "RSASHA256 2048 KSK",
	    .algorithm = 8, .flags = 257, .tag = 3254, .revoked_tag = 3382,
	    .public_key = "03010001c9c8d1c6ae4470e14674cd00d86e01e3de93368795194030e51158a7fd207405182430ecd4291aafc94ade7d"
	    "4357c4143bd79d1885d7302a201b95ec9140f4bdca8f84db81ab53b69dd65346f583edd44154a9a7d5a18b1312793f7b"
	    "4914306ccabed9f10e414d7f0d2fe537384663bc106ae8e92fcc1e683aecdf030aded6205d0727aa0888925aa11da281"
	    "896140418b0b3de9f0539d91ac5b4ae062c8f2376c8be601b4ed3f1847ee0c64aed88ab978b40e97d4308baee7cd5114"
	    "3f167dee0b44eb8ae0fcce081a29cd56c9210460a55a1acea9bb8736113e53ff6074e8ed5e02d35346c367e03cb9418f"
	    "035a5eb5af8569673ef92302abb2c9badbe02789",
	    .fingerprint = "4385ccfd60f5802715ae4281d5205babac3b76f6ae49d2bc070977cc7db741d3",
	    .ds_sha256 = "0cb6080227cfcd66217eb46312b2f45d6aa2e1c6771ea15c3723f5876fcd58fa912b44c2",
	    .ds_sha384 = "0cb60804ca2ba0a9072decbbaf8baad520d9d507275705e4a4b3544a6a45e82b81ea55354d002ae956f07b89984bbd49"
	    "08d765d2",
	    .signature = "337ac220e931b58cc0c2834ddc94ba400b9286a989f2fde12bda7c53b606e035d2c60393cbe12bef4226103abcbe3487"
	    "0090874e27601f28bcb9c757fd120597154d88e4848cfc30608e1736b100d262e705ba996120a49ec8fe6d3e58466ea3"
	    "5608d143282787354c87240d3559aa6716c7faf0416e807c1da23f4b843912f5b18683f01065c0b8374bd5ed1d9436f9"
	    "2356229d812a92a9a09e43dfbabf52d6bb4185b3e3029d09e13adc9ff545cffc5e3b09212c3b4c5f9a2126873ab5273b"
	    "845223284c3a6e460373686ee21fba255b51feeadc87cb83e10291350e720e1ef123491d6afe9d22c84a016feba0ba2b"
	    "cfa03b43c3297c5b857a223c3e0d6b84",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQDJyNHGrkRw4UZ0\n"
	    "zQDYbgHj3pM2h5UZQDDlEVin/SB0BRgkMOzUKRqvyUrefUNXxBQ7150YhdcwKiAb\n"
	    "leyRQPS9yo+E24GrU7ad1lNG9YPt1EFUqafVoYsTEnk/e0kUMGzKvtnxDkFNfw0v\n"
	    "5Tc4RmO8EGro6S/MHmg67N8DCt7WIF0HJ6oIiJJaoR2igYlhQEGLCz3p8FOdkaxb\n"
	    "SuBiyPI3bIvmAbTtPxhH7gxkrtiKuXi0DpfUMIuu581RFD8Wfe4LROuK4PzOCBop\n"
	    "zVbJIQRgpVoazqm7hzYRPlP/YHTo7V4C01NGw2fgPLlBjwNaXrWvhWlnPvkjAquy\n"
	    "ybrb4CeJAgMBAAECggEACUxjvlARf1IiOQepXk/Tbni3N/APgtZeam/eMf+MG0yQ\n"
	    "zDok77HlNOyFsrL7A3RZqlhJOPQR8no+eIb0G81uecB31Jt44jg9VhCmTcLKjY8W\n"
	    "Y5xdy45iJkLXq4E24ONKYB1jVaRehf+wz+A0Jze3KNdo1crJFRLhorV/oVhC5IMM\n"
	    "SuwTWh4TqqAdJjMk9by8vXg8m4YZsGco6AmyMI262WtPFjf6LsP+gvH4igcPW5At\n"
	    "TRqSaSbTtyBujtwmLoOdhdiy8/uFEQ+VbqDh+C3WGNEuMBU1wOn08a9dwMfY7F7r\n"
	    "PAQJEx0FVD17/SsOnvbkSztAzF4v9rJZOEGulA0FwQKBgQDw39fmXzHJCGFymIcI\n"
	    "lQX1HeB7cEz5OAfjkibHbwkhW9g1qDZy/tcrar37tPuOpFpA4JoFmD4u6XQd7zcw\n"
	    "VuFXpxZgpp9myBra5UOng/+Lc2N2mR4f3RK1x8okCKFwS2Tx4C+fGOBJibvah0j6\n"
	    "rC5AvPiHy4vkGDnLVGCXvIx4FQKBgQDWdJbG3cYwrdEmQ+9ii6j3Ic9ffHXQhVbP\n"
	    "+Whmv4n0MYVf8evGRrgtYLUGg6ekjI6dcHTzkk4teXyyfnSI7ZLAT/z4WrjZydsQ\n"
	    "oJHFjxCqNNzt6ShqJ7gof1cTIVVsA5txppnHPU6RLTyybF4gPoGO4Edea0xQpN3n\n"
	    "8lbtEBo6pQKBgAQ/ros9up8VKsLeteMM3eII+OC0hmcO+fSlq1FxP/P6rsGjifJV\n"
	    "VG5Ln7ZE5vsJIx5p182pdc9WBtpQUeTkY20sYVSrG7ywYujhimP2DBflnSeGY+Wj\n"
	    "/KSANayVCmP0sH8juTNROQOTDmE4aa0iRF6X9rpOeNU5KCvR/TIv/TpRAoGALr3C\n"
	    "jx2PMNTxnPF5n3TpItQPqrQpyYUGYtXtV1ev7bVNaJgF13Vadyl4yy6uv0KTYuU7\n"
	    "2EqvF2I/N3gwVhfRwHCupkK/v1grkvgsTW7dJvvWm1QSJvD5RnpatCSzxZMTsjWp\n"
	    "lq9aDHJbpFfSPBzjiAyCAaZJP9pvMzqyj4DO9rECgYAbAibq4eEw8hwHgjkoYh1/\n"
	    "sLuBiIiHhXUIgMPOppoId09bU34bowND9h4Bs6EF5AMt5ub6xeZOvzP7ofJUkU7k\n"
	    "eT8cnGlZ6CIYDbXRRkWKftyjoOX1zAZ36BglJ5L4qyIofSyf/pMaixhmF56S9B1s\n"
	    "ofyZLwgCufUuc3tNV7/Rig==\n"
	    "-----END PRIVATE KEY-----\n" },
	{ .title = "RSASHA256 1024 ZSK",
	    .algorithm = 8, .flags = 256, .tag = 33165, .revoked_tag = 33293,
	    .public_key = "03010001b6d57722b83fd178960036054bbbc31898f110d4490638548b6fcebc675339c11e092ff07356ef88040a4f74"
	    "43a4c23908616f7390e03fbf1575c290e3e8099316831e0f0437a1aa1671a3f1c4d791e37fa45955885e4af0bfb35db8"
	    "7bf4dc1ccc452d5eb58fcdf5d4471f1972f67f322daaa4a492908f66c007509007ea2c99",
	    .fingerprint = "20a40d1c766a4473ed28bb0ad772749985d0031c994e4eefad5120dfb601e781",
	    .ds_sha256 = "818d080241ccba0e004e44511441d015b3ae0117a2734265d8be41249d24abbc16481ab9",
	    .ds_sha384 = "818d08041a96bf3ecb25d071188d07acfb4004be5575c8a7f896fe73c92bad06f3cb7c5100691708384131bdad1b0392"
	    "6f5b84b2",
	    .signature = "20dee729f96c46886a40210dc790b3d47961ea325c90ff2b2dc60ae2798fb519ef7bfc3882034b28a735de47a5129125"
	    "a3f6bee871591a9a39559081b2707816b78ef7809fd8afd11acbcc0632fa5bcd71e9d05047b6959a1d7dfa74bc19ec89"
	    "cac48b4b6766359231c362a0fcc57600082fdca55734622db7f9e9658e6afad0",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBALbVdyK4P9F4lgA2\n"
	    "BUu7wxiY8RDUSQY4VItvzrxnUznBHgkv8HNW74gECk90Q6TCOQhhb3OQ4D+/FXXC\n"
	    "kOPoCZMWgx4PBDehqhZxo/HE15Hjf6RZVYheSvC/s124e/TcHMxFLV61j8311Ecf\n"
	    "GXL2fzItqqSkkpCPZsAHUJAH6iyZAgMBAAECgYB9a4/vPE9jBYJ4oJYfbq0VyYzM\n"
	    "y6NQZgHxKQC7k3GvE7/j84PRy1hDiOn9uTbR5f4ztos6zq5WbGFvR8oW3Uz69Zcf\n"
	    "tw6KjXiFJ5b0apMp8NskFIfveg5hUAb40hvYoluCxS5B77S3swizZA2ob8t3R/WB\n"
	    "IAUzUu9JnQLM0J38ZQJBAOB/n6jx/NSyCYwsCSIbjlwcLz6XOGxVIHxEKVdKGkNF\n"
	    "js94DeLUag+Ln8hQ3hAdJggFw+91noJc0g4bKYlgvjcCQQDQfSyU4IyDpIRFjFcH\n"
	    "VTYLC/EPfcdFF7FUWcK4aqxi6iZ02pznw1woG6Ss6mogkuvkVkXTC9rYhDk9SxjF\n"
	    "HoOvAkA7qY877fu8ZwhkiTtwJhSiZBcmMjgbilAU1mSKPzZVlIHMn2JJWxxIv1ma\n"
	    "eetaKvT1gtq8o+yZRqPIfe1/BgfnAkBFaIbBAYiGAu0uIiyO+mVFhDI6kAsZC2wz\n"
	    "wrY6ovjE7WLkICuAVN+HUryd/GRcd80kdTxFqHqw/kP4DdovNZttAkEAiEIDEI/B\n"
	    "OcbFZREA3g7ZmGTfGxAt57N+WmnSQURllH3YGtVD6DdTendGTx8k4DDijmdGl263\n"
	    "sMpPZpw1SXN+0A==\n"
	    "-----END PRIVATE KEY-----\n" },
	{ .title = "RSASHA256 4096 ZSK",
	    .algorithm = 8, .flags = 256, .tag = 39651, .revoked_tag = 39779,
	    .public_key = "03010001a54f56b1836452fadad7cdd2e3d42c68029b8827d3dd5b8f12a289ca484b76685fb12736585db48d3b46df1f"
	    "7e77454d6d779057801d44e68230114bd25072342753d0c93622d18b90933974275ef7d04385c2b38b676ebd16dc05d3"
	    "2131e6a5c5a2aa2fa8eab6ecad1be3d352a9e7d11ecc37f8b6a7ce2e77620fb037047d102fc57ebe0402042671b2b06f"
	    "668d83216daa689d2571aaa73f42a365d7b8a7a50701c397e9301ea07d1906f486ceb0ba456eb808cb39c982d02d514f"
	    "e7a84d5b131868115fb80888e315aeebc36bc09a0c0452eb7b3a6b67f55d96ed23458ed72fac1142b1bad67ed96e0b5a"
	    "c6f8c7c1f2ed332a0db25168f099deacbb4021962dfed6bad3592022b3ca80bd943feec59f24408c7c6aa1502647a1f7"
	    "e8c650b55d14445f9b89c6fc79bb71bf9fd49849043fe292b0d8c58a14d857600ca276fe07d0663733776de0f48160ff"
	    "d9dc42df54d574b1c8b9000d00b8ac4e11b3796c8bab62637d9a9cb59960e425d7b9dcd963ba8e21f09dd1d4167bec68"
	    "8ac63faa161e44860aa73f05080db221e0202e36bc7bd6e0c5616751b619f16e25630f09b1440943783a5bd0111eb06e"
	    "b16322fa71b154dee16d609a67ae397db1d475967e54e8d39cdc6c1d5a59eec20c05f96dc61d3715ece91eadcf5776c1"
	    "31d2ef8ced50c7e95f7bc9d5db405e83721069ecc51cb3d759ac7e3348751703f679056d",
	    .fingerprint = "f25e1a828ae09d31e4d2c38da858671e2b22625be110f81240a0511d97214318",
	    .ds_sha256 = "9ae30802c553115665354500dd32dd6837f28ec73c58789e3fdf5d5ef351ba1c70329f7b",
	    .ds_sha384 = "9ae30804b21a675f25b60dce04221561dbb92c553a1169e7096cc4c232e05782f038663e0fc7d8c27a6a4b81403f9302"
	    "9184f462",
	    .signature = "a4902160fb0d8748ac316a3d343a85f4a5645f46edafd7421f81aef463f7747440ddb256ae3a9e41c34b742d908f34a3"
	    "db4afa336843443cd9996ed446536b8820517e08a2f2b62e631a320dc6e5fc7e6ffb3d6de1d028451d606ecb2e57340b"
	    "a48add361b0e9575a65f67e771cc24e359dd979fdf7e940582bb7ee706628571b80f208f4605f330230f1a8504eb886d"
	    "45ea5de8b2bb5ae05021bcec0aa6cc82c7daac968414b8a4143ed40bd7eb106a3485528a27ad75e85649608a170f4a52"
	    "727fda6e553a84c8a7ef6f8be13d29e7e7df0e91fdafff481c60a65af417151755aae88e929f3f3dd91984e147703179"
	    "0f7802cbb2973fe69c3c3f8400d1bf620ebdb3c8aa4bbe2982f00456ec64c7387c5f54c7f6dbdb27f5bdac916919d3b3"
	    "11e25ff240a541d65093cc5b8eaf82557f628b5cad90f8da68b3878acdfe09622b968223506bc30e7c5de8cfb2839585"
	    "18b0c6989fecd40d8173a36396229eeb8fd9fb73d7b4124faa6f40107a1974e8044fce6e67f03a028f613b5a3262711d"
	    "123e8647dc9e61f5c71216495e3755e0bbd9fe84032a06187c41786da21e6cdfec6c7a557c1eba9b23a13ac82c5cbe1f"
	    "85ac73df228001baeb6d94bd281713bbb1e8121d9e3d49a4d995f47a7d68976802d57a31dfcec6fa65fd317588753a01"
	    "a3307df4a1453764ace69bf984534a6c4357eaf972744b16b677dfcfb4e1b3a1",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MIIJQwIBADANBgkqhkiG9w0BAQEFAASCCS0wggkpAgEAAoICAQClT1axg2RS+trX\n"
	    "zdLj1CxoApuIJ9PdW48SoonKSEt2aF+xJzZYXbSNO0bfH353RU1td5BXgB1E5oIw\n"
	    "EUvSUHI0J1PQyTYi0YuQkzl0J1730EOFwrOLZ269FtwF0yEx5qXFoqovqOq27K0b\n"
	    "49NSqefRHsw3+Lanzi53Yg+wNwR9EC/Ffr4EAgQmcbKwb2aNgyFtqmidJXGqpz9C\n"
	    "o2XXuKelBwHDl+kwHqB9GQb0hs6wukVuuAjLOcmC0C1RT+eoTVsTGGgRX7gIiOMV\n"
	    "ruvDa8CaDARS63s6a2f1XZbtI0WO1y+sEUKxutZ+2W4LWsb4x8Hy7TMqDbJRaPCZ\n"
	    "3qy7QCGWLf7WutNZICKzyoC9lD/uxZ8kQIx8aqFQJkeh9+jGULVdFERfm4nG/Hm7\n"
	    "cb+f1JhJBD/ikrDYxYoU2FdgDKJ2/gfQZjczd23g9IFg/9ncQt9U1XSxyLkADQC4\n"
	    "rE4Rs3lsi6tiY32anLWZYOQl17nc2WO6jiHwndHUFnvsaIrGP6oWHkSGCqc/BQgN\n"
	    "siHgIC42vHvW4MVhZ1G2GfFuJWMPCbFECUN4OlvQER6wbrFjIvpxsVTe4W1gmmeu\n"
	    "OX2x1HWWflTo05zcbB1aWe7CDAX5bcYdNxXs6R6tz1d2wTHS74ztUMfpX3vJ1dtA\n"
	    "XoNyEGnsxRyz11msfjNIdRcD9nkFbQIDAQABAoICAA+UCndwCmRHf5gWrWkK9aRX\n"
	    "mpCaMD0MA8+dwZ5uca4W5+2p5FUvf3RPwb4FGcXjoghO3Ctix19W2a3t81c+fYSs\n"
	    "sBlc3N0rIhvdw+xOSYTQ+4v/bSwV8zmejd1+qAIr2jNlwOP85yGV7DpUnfWMTWxH\n"
	    "mrcrmQr3Qym88/2HMcUXYWkbKIz4I6v7yvsVhHSRhvTuui0U+kE6wZtmCpLps+K5\n"
	    "ZlEoX7FJMZaYZS9mBNRiuWhVr353U6YgOCURgqM5pvuFsUjx3EXxoHTKpy0jWmMp\n"
	    "/r5Rsqsus/1LdI2kZUmwva1Zcw+Mq+oIU3Z+d4G6UWyzLb8oy0UgvovBkEWVJZT6\n"
	    "qStp2LyE64GYyMHK8dQDHqAkZMV2X/1G0LJKHdI6vGYDsFSmR9DURqVKl1R60kUV\n"
	    "XVY70MTagSd8X6GBRbFjdDUbMO2vcS+NiAhK3QeCd7XpkHV1TLDreSrOxv4jkjBm\n"
	    "ggLg36UWtM6dUkiDGfdETvXjhxT2uREsul6HU5Y6rXLGfij+7VgIKA25lT+3kA8K\n"
	    "E/q3OMKZ5eL4P1m0HuCUdjqGhqa2Fp1aYmLrkKWkgfCnIv+kIERsUUTOx7fNY3eM\n"
	    "RoLey+1aBNcLhdMCyyOy0gWsr95z9GQYHjhT2Jailng6Z71ixHK8tVs7pGX98PnR\n"
	    "cVDGX4/2uF//n4x70LeBAoIBAQDaXGV8sBsyv09IM2MFIy+4Zxt5pUR81QvtHMAx\n"
	    "uUI8kj1Xp2FCFXA5RI3aqVGI6vy2zN4+WNO5zx+3JkaeUSEtRbtdNZwoahj6vkBa\n"
	    "2z98c5aSvr7keKvhIrqNQApnCEISdX+b0BxwWEeJtMcBO5CK4bgZL0MSie1yDDro\n"
	    "XZlUX6boeAsg3zAGO6PS7N0bH/MAi+L3/Oq8MfvMVYW7N56Er2AsZso2T42GhRrR\n"
	    "iApJ6cjjfyaGnVOsb2AIl0X9ZS3q/UrtDKydRNjIAVUTb0yF2wHgbv2iTeYHKSh0\n"
	    "jOvUxDJscVrDgK0/c/tzNBQhveEZ8Mjbpc/QNVYWVDFgKTi7AoIBAQDBzfZsY/kM\n"
	    "48kjsmMHAO9C1GrOqHfMaUvmWZe1mcgI62IN7OWJWi3OLCjlfHqkRIOyKEGg/Hf6\n"
	    "PN1bQm5I4SRbzQCAImI8fdqZSDEa02e9KxByMqxaNsk4tppPZQmDeZ+AZ+ajwnfw\n"
	    "7a3wWZMCKaPsGCLZ4b7g6rlNvXxfl2QJpWZszn2v0bfi8KV+QToy06DTsBXum58D\n"
	    "pIAEjznYkgro3sgkcLDNxnrfgH58hCg4QNwoiyjONyhDSdV7/LKXl3/MdX8sQBkD\n"
	    "Jg7RucGBSXlCipa/34JZ7kqUWrj9rxRnLG1Cg/7rfYlOcONitBuDmyTFPRHLRitX\n"
	    "bcBMNbhANcv3AoIBAQDZhygW0b0WjdymOYLQUGAunJCTW19h2D7cREL2he6FNs3j\n"
	    "LzxFP+QfOLrz9K7j7ew5EtfnVkf9l2ep5Xh+KKYbWpcvYMOiwycFS1gC6t1Q1jlP\n"
	    "ELRMGCZpzlX3dq+mOmTPzLuF9gkOpfMGLM/+216/6+KhPCLeKgcgESzx5KRlmDBG\n"
	    "76duZMiLvQgTjKErb2V9yt0dXJhfSI/l2+CwQ9Unqynssa2J8zAyrRCtYY+WWE4m\n"
	    "y7kOa1Y6tmz9we0YZJ4ctZ3ZjkG7HiWzARjGlp6tziINeaQz9tRLl+XUTbp1p8nv\n"
	    "m/DmR57PUnRRLLVNc8H2PJdrsL/YU/nhnpfditMXAoIBAAGfnRHZYIu4GMZAx02W\n"
	    "t2pi5yYmCSLgOu+KDphJ2oAgoKinNGELLVkNy6XofgqEPGowpiQYGVUyT1RlYREh\n"
	    "ObG/LOLl5tbE4yDnlum3naXbB389Z242CUd9WBuUKBk+2pQzyp3SkjildRCPX4jk\n"
	    "Gmhu51PV7UhrDvRUwwb1+LOP/CSrMihX5Gd1Rp2hJECqvy0my3g9O37HUP84x+5F\n"
	    "guvieeC8RO7kW8EljWmznbai7HU2fTgFBERUCQLJ4iEc9sgar98KBmudVQBywuk3\n"
	    "WVmyWYLv92KTeXJ2tBgD8HLQz3WAL5F/crgCgBUilxxqH0u7sDt4sgJAfBznUkzP\n"
	    "Zo8CggEBAK4gTAay4BbyhfB4VPipFFwi2ufD9/c/1FUGsbAq4Yvn1L9vcveoBI5W\n"
	    "O2/e3Nd9kXARpI/fzQHlfR9ua+SMa7UAyquLx5BuQTEZkVIZt9LOyUT/kK0/QTxY\n"
	    "IiuXY3BZ+fzTkUEOFy0KFrhsNoqV+tas9UOvoXw9cRYWxCmJwS5H92Agt1lgdnSL\n"
	    "5nGEI80UnkYmb58epAE4gSvgu5IO6NVqsR2H6c9IcuKqDiuMWyh31beIkf0pCKqX\n"
	    "KpQFOPONOAVXpkM+nG+fHfFkps/mLRS6ruHQNkwiT0qGgyrtweft9ROJdw1uDpQy\n"
	    "9NeHYmGeoRTJ1ROhn/9M2FeIHsMPO5s=\n"
	    "-----END PRIVATE KEY-----\n" },
	{ .title = "RSASHA512 2048 ZSK",
	    .algorithm = 10, .flags = 256, .tag = 4193, .revoked_tag = 4321,
	    .public_key = "03010001b9846183f10384c880c0c710934e21a7a2c15afb3afeeebfb755a7e5a1c9e6ca75e37d8eb54a2d4f6b89547f"
	    "172bee760d908b3cec3efe3e2af8be0a06e182ec5b373068d43eaf90e74332fe911b76b51afd2cb4196a88aa7169f1f1"
	    "8d3ff5e4afab34c7217c336c76960f7f51476e811bfec80ef375bac82e892551e739e090eb91f8ba6e68120aa67c43c9"
	    "313afdd41b9a2ff2cf55658e890eb8c56cc3768877e40af2a590f988e8b824123f0b0a00e15b289bc65bda7cf6e08457"
	    "8dd33fd8ddb948172f6d8f0efec0136f55ded4d7107d114cb4eb6ad99ce2e592682e7d747820f8e723ca1769d7b202cc"
	    "5da43815d1fa8c46566e3e86e74f220b88deafcd",
	    .fingerprint = "9e3531c3f9e5bf20aa74224c56022ee8dc0dbc97f09039ffaec58269264ab6c0",
	    .ds_sha256 = "10610a02487c6c7210cfbf1decb8ee9575a5d1c256c2f50d6e3340b9a0b4c4b61551b972",
	    .ds_sha384 = "10610a04a857daa0d58bdb02acdb08d9abea07d58e026eb8f843e551b03ea262a12481c827935f442b2b1458d9ac784b"
	    "5399e118",
	    .signature = "225af2ca442f90e7cfeb6abb2fec477ad0c145c7a1e4d2a8f1ef1e1bcb6d2ed1170ab45acbc5eb80186684fb6be130f2"
	    "0d2a51f80c1fb3903551404d9d4dd56517e502750e4d43b0f09b6bf55bf8edb01a6ada002c41eef673ff2d9b68ccd586"
	    "37eeced32368463a963ea4597178a349277599bf12192c1eb0056f64b833ae1c18e005a60679cea8906e7eeb8c8a9a30"
	    "868c14e40806748a67f8456e2a44916aa8c6f69c75d356a38f7b2b28eed7bb7e2c946e2b81bdac2fbe8ec3b89cd16cc1"
	    "3eb6c2adef82618d7734b8fe5c3df90964a9b0bf476138183f70a55f8e394ea20a6396093fa03d2a08beb0a5c6b30586"
	    "94673175f00bdf917243d843a6232b49",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC5hGGD8QOEyIDA\n"
	    "xxCTTiGnosFa+zr+7r+3VaflocnmynXjfY61Si1Pa4lUfxcr7nYNkIs87D7+Pir4\n"
	    "vgoG4YLsWzcwaNQ+r5DnQzL+kRt2tRr9LLQZaoiqcWnx8Y0/9eSvqzTHIXwzbHaW\n"
	    "D39RR26BG/7IDvN1usguiSVR5zngkOuR+LpuaBIKpnxDyTE6/dQbmi/yz1VljokO\n"
	    "uMVsw3aId+QK8qWQ+YjouCQSPwsKAOFbKJvGW9p89uCEV43TP9jduUgXL22PDv7A\n"
	    "E29V3tTXEH0RTLTratmc4uWSaC59dHgg+Ocjyhdp17ICzF2kOBXR+oxGVm4+hudP\n"
	    "IguI3q/NAgMBAAECggEAA68m1p1zMfBfajSp1hsPnQok598kYUqxgP0Q/AT2AwDT\n"
	    "TYTBUEVcV/7tN8HcXnF6Y7OSqE+Swq7OYKk5fsB8vp/jHTF/wYzwBj+15AtSrc1T\n"
	    "72IzY2vTsfrVnUnsQbBq7bgrMKcwFb9aLYm6QA14mtTI/wUY/aYLcq0jkhhS9Gwz\n"
	    "qQo+93j6hpwMsbIbssei15EWGsUffBptGnGirGosv4CLKk209KJCSN9FAs4K7tdC\n"
	    "vxXzBPIrvIQ/38EqxNuOezRz8M8a7fL/hPs0RRglQb+97Si2pDmkCZh8pOD20B19\n"
	    "5EEHFJ+TFRg916O8HPExb/fGVKM18xWHvE7EdwScGwKBgQDt4vudDgEpvYQbzKu7\n"
	    "GCR9xqk+stlZqYjTG1c1X8lQj38vHsO4YRkyvpx21egoSJZtuOZJe1lMzuVKTtUb\n"
	    "dUPm65P4n4D516W2E+wksMV/n2v2vAiKk+4odhqs2MGlOCu/2VWqkWZqkY+z/DJX\n"
	    "voMfQAwA2emj8sV5QsxZcYqUPwKBgQDHpJUPqcfH1D/rey+tO6pNifcBmpfQarS6\n"
	    "y5n9zBjmNUzC6wc9w/JAgIueqmFcuuMCXfeOZ35WeEZr0fkl8iFyiKGX/zIxBph/\n"
	    "QnvSTniQJgnjGENRypjdwUg5Pk0Ac/CAEyK6bXpzkq93gk7vC7UV0CT4gkAGVB6A\n"
	    "qvg2Hc4I8wKBgQDbzKCDyw7UDGHmdcQvSO1esZJrdkFRkU31EQwRKwINx6jSVvCs\n"
	    "ijsIIgrb2mV54yfrFa7iMnCegYRmllRd3Iny8bR1QpufPdvFUr8cX6D8fMb64V5a\n"
	    "/LhO9mFLV7QE/tOdniiDQ3mH+hr3SI0TedoZo8nzd2VjsMs5cbjy4/ARbQKBgEVV\n"
	    "Ow89f0w+whQdq+kVl4dmKoo8Dg0rgah9nPUvNFZ+nDH1PYaNzkvoWJS5xyZVIRFp\n"
	    "YNfryUxuaMZ5HXW4KTWFjdkjn2K3T66igC4BYo1tKHHds0NsgLpCrbpzkHpfyV4x\n"
	    "RxZHfwc0Igv3DUKnZjQ1HSHQ2jtYa190AM+KektRAoGAUNejGPqUYI8c0W3ho7sx\n"
	    "ILfPwEN8hD/jIAQlCdU1C6CIu3tNY0q5i6AM/a6DCfiEVtRHTCJyKOEALfkGHXA6\n"
	    "eV1vvqQCLePlRs4g35zS6Knhy3Wb5OKuLWgAcF2VgYWyxAq/3Bc8Xl/4yDortZrq\n"
	    "OWDfKxBp8aLMTfLVR/O3vLc=\n"
	    "-----END PRIVATE KEY-----\n" },
	{ .title = "ECDSAP256SHA256  KSK",
	    .algorithm = 13, .flags = 257, .tag = 43870, .revoked_tag = 43998,
	    .public_key = "d5666ff280a8b947621128651b095c1b0109537def1ad5ad59935dba4e74bf5f540c5cbf67ed983582b56f202564acea"
	    "4feef114b410da3f48cf47eaa475ce64",
	    .fingerprint = "c78a66131d617cad40e4fa372907c522c1b8f821a9be9d080b71014f0305190b",
	    .ds_sha256 = "ab5e0d029b8ba33a580d94f197d342798291212d5ba21c1ad24c81b8fa14601649e6deb4",
	    .ds_sha384 = "ab5e0d041da782dadfd66003589418793fc9c3c1b2b5aa395e658083dda15b7ab3171dad1497563d64c659698e644cd4"
	    "c3bfd635",
	    .signature = "eb083578ef82ac2b1f3e489c50b181c8a7ed5dff29c025520da3e117cedd76fed6d1ea367f4ec22f9664cb22f3ac514a"
	    "1c2e6462f31c1820964b0443773b0b97",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3nznSdUiHQa2OHGp\n"
	    "y7U6ZKg/fKlgpMhjWFgNtemeCI6hRANCAATVZm/ygKi5R2IRKGUbCVwbAQlTfe8a\n"
	    "1a1Zk126TnS/X1QMXL9n7Zg1grVvICVkrOpP7vEUtBDaP0jPR+qkdc5k\n"
	    "-----END PRIVATE KEY-----\n" },
	{ .title = "ECDSAP256SHA256  ZSK",
	    .algorithm = 13, .flags = 256, .tag = 3126, .revoked_tag = 3254,
	    .public_key = "11c6b62aa4d3fab7b87ef183683b7a84d60eb4c27210a60a864731896c7a7720a975d08746895066de4b5a740a4c97d0"
	    "f1004f73fa2001d43ca7020b9e57d054",
	    .fingerprint = "da253fae67a21477f403176d2501ffb20144c8024626002abac8dafdbed79015",
	    .ds_sha256 = "0c360d02d53b25c0e4892a78b8fe122c4421054d242f0a34c20bb250a3d964954f630282",
	    .ds_sha384 = "0c360d040f4405803946a137681d6eab3cd2a9eec550981981428bb82afe9d8f08a71deb08184a604a34d7b274704760"
	    "c9821845",
	    .signature = "ecd4898b0bd17390e2681f796ea50e1078700ee2f779e9f6c15bafc7ffd2467e20ffdd39c9258fc303353441bc71830e"
	    "a23c688ef8d68b64209d1ad1be44a391",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUkoEOnQ/iHcarTcd\n"
	    "S4fNbY5Y/GwxoLhZ/Q4SaCLZB/uhRANCAAQRxrYqpNP6t7h+8YNoO3qE1g60wnIQ\n"
	    "pgqGRzGJbHp3IKl10IdGiVBm3ktadApMl9DxAE9z+iAB1DynAgueV9BU\n"
	    "-----END PRIVATE KEY-----\n" },
	{ .title = "ECDSAP384SHA384  KSK",
	    .algorithm = 14, .flags = 257, .tag = 60341, .revoked_tag = 60469,
	    .public_key = "ded9f413b4d4024055b08ee21a3bc8dcd63c27a1d95aa4d0365213d6bd41bf60511dc27233d1938e34e57105e2838bb9"
	    "2691faf7abbec9e1e0267dc4f1cd5737d70541f87ac2818cd9d7fc54d67a48f609e1adcc38ff333520fe368ebf3ae05e",
	    .fingerprint = "21a1f5848c75d963ae6b1c3b224c22659a0a7e442595aef9d2abb400ef49517a",
	    .ds_sha256 = "ebb50e022964f2f50548dde75a2188661fb10ffdfc7b614d045dd1da17da7a812de12355",
	    .ds_sha384 = "ebb50e04b397c0cde55d29e5d4bf37474e0e6efddd770c1945ac410227ef1f1afe617878c4039cdbc8935355c7e71f81"
	    "49fd7366",
	    .signature = "174df1b48f7505c306bd7a7089cb0fd5ca2abda619b88bec71d2f46dc33483bafca8f32f9d62312f9583b79fcf4c657c"
	    "b72d3442bf59a494d5bd8d12647aac9df547d64e173e0f47755eb38d29d5ffd1925e6932fe42f0827a29d312b7436851",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBzzAhvwTr4h2jSo8zw\n"
	    "0kPjN8BWWAZtEuQsOuw8Z0lQvCESH1fSCstkUZJo8T5khEahZANiAATe2fQTtNQC\n"
	    "QFWwjuIaO8jc1jwnodlapNA2UhPWvUG/YFEdwnIz0ZOONOVxBeKDi7kmkfr3q77J\n"
	    "4eAmfcTxzVc31wVB+HrCgYzZ1/xU1npI9gnhrcw4/zM1IP42jr864F4=\n"
	    "-----END PRIVATE KEY-----\n" },
	{ .title = "ED25519  ZSK",
	    .algorithm = 15, .flags = 256, .tag = 35664, .revoked_tag = 35792,
	    .public_key = "d3beaf21668055df4bc64699b30f8f2f2eb58306457600a30e73f355f82d8196",
	    .fingerprint = "0150cc4bff9bbcbc6421138fb8b28749244021bba6d3f70f555a3c1d3a527fde",
	    .ds_sha256 = "8b500f02cad0a6ec1646f3bbcd80d21e5c05eaaee71a3ee8a757c28ac6bf5b15c289d1e9",
	    .ds_sha384 = "8b500f043b365e764d9788afded93c27c591e2f6f41dac94e9f1f2c93ddc9394751b7f5594b532c2dd89431a14864d50"
	    "1f228f83",
	    .signature = "d51e212ae221d1a2fd25cf7b63d358724f3f85d813e8d9837f9be5a7184286b4577f4f68691278751a0bf840abc03f42"
	    "01bbee6c2dc4a758e6b320c0056b9e09",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MC4CAQAwBQYDK2VwBCIEIFMSSTKP8BqcW7HyIDK2baQe+u9f6B9huNw6uXDxBN+/\n"
	    "-----END PRIVATE KEY-----\n" },
	{ .title = "ED448  KSK",
	    .algorithm = 16, .flags = 257, .tag = 56174, .revoked_tag = 56302,
	    .public_key = "12823abf16e8f97ac2650646178e54c44449496be68a2e8907bcfa80228b6cd0f049680706656cbface145444cb8e109"
	    "365acfdd259f792480",
	    .fingerprint = "7e9e0b111562d3d70a8cd9b537066a4f8eb2e901935696cdedb51bbf74c198a7",
	    .ds_sha256 = "db6e10028662a75cdb7e162aaf6ca8b6dc0e7e3e4d880532595bb03f3451a1c338de6a40",
	    .ds_sha384 = "db6e1004b8b04c871ac4d23fbf4edfe620d514397139d57c5c1e0786004390e9773def3d84ce85b9cea619972a20e337"
	    "525659be",
	    .signature = "6187c48f490abc59e07b292a004a244b045228930e98437b393369b568cf7f334388d23062ae2aa2ffa66baf2bb1b987"
	    "5b5748ba4850abe2805c606704555b094f81ce4f55178252522649f333b9f943749e564125c2c9854692c0780522dd9c"
	    "0e2336049d40b88e049d80276de8a0bf3500",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MEcCAQAwBQYDK2VxBDsEOa0DlysXOgsb+Ec2xnI/uPLi4Z3I172aCIJ6zerbfDLv\n"
	    "DUbfbgTKFsSmFMrDaaWvsMFE0EmKOC7PCw==\n"
	    "-----END PRIVATE KEY-----\n" },
};
