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
	    .algorithm = 8, .flags = 257, .tag = 55937, .revoked_tag = 56065,
	    .public_key = "03010001e0377cd94c3b0654e37cf9a0616c863bebce373ef490db7bf5bec86240e62d8f4662e8ff50eedf32ca496104"
	    "a58a46fce6d7780d60998014c4410ad91db965d78a56f68bd190624e4fc4425c20cf1ac6047ea8611cef102b756708d4"
	    "6ea637d494999f886a1116a7368227ef2536eb19f2b6a8526719d1b7e9d1672ada4cf398585f9713beb6f21740fd5801"
	    "287d8f65e36814a51af20debb9e3a0bdbf4d805d510a8d1d5a839171f631f2d4886741da6c40f15d58fa4452ce63015e"
	    "9b82dbabf9e7929fd526cd74fc47851e25ab478c3d6eb036b22d78146fab95af088acb3560c5753da9621008d8d2546e"
	    "0fae1175e932212f052454ba9d8a06847a12c3b5",
	    .fingerprint = "c90d2e6e961a22a534899277eb2dfb17432fc36f435e4e7a3bde336ba9943a09",
	    .ds_sha256 = "da81080244b2784ccceccabaef0b4118e1fb6599eb3ccfd34aa152491a7e247252a1055b",
	    .ds_sha384 = "da810804642168fcf63f270b7fbb9f6022077bb01ef12baf22be2651766b026a3d99cbba82802c884e7e5826b78a96e4"
	    "6946c639",
	    .signature = "0764454e7204e2d8454144e8b660e9bf61c09178b592a6e9501c481c522ff7ff565bd0cefa7eb3316eb8cc09ca3d969f"
	    "ce4f8bb3c9840f3e9c89a874b644823179c4d44858b1074ab015853077aeb8ee6213ada145ce6749c7e372cb2cdabf75"
	    "543115f8664740e6e8dc0876729797771323e66821bf0b49f6ec089bb5baa96ba2528677aa8720cc440ede4a58283559"
	    "e188b6e7cab80b41a74ad7a58f6d07431be4861f2e4a212e6a427436ab507258cdaabfb0e4742c5241a525a74c0f66a1"
	    "bbe8a7311df2532a20179a8c94fb11c5ed9452a17c4755de082570c756fb08329e3d9aefdba82a93cba838c573d39860"
	    "81f35c6801bbb1a390f9ae27180f7e2e",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDgN3zZTDsGVON8\n"
	    "+aBhbIY76843PvSQ23v1vshiQOYtj0Zi6P9Q7t8yyklhBKWKRvzm13gNYJmAFMRB\n"
	    "CtkduWXXilb2i9GQYk5PxEJcIM8axgR+qGEc7xArdWcI1G6mN9SUmZ+IahEWpzaC\n"
	    "J+8lNusZ8raoUmcZ0bfp0Wcq2kzzmFhflxO+tvIXQP1YASh9j2XjaBSlGvIN67nj\n"
	    "oL2/TYBdUQqNHVqDkXH2MfLUiGdB2mxA8V1Y+kRSzmMBXpuC26v555Kf1SbNdPxH\n"
	    "hR4lq0eMPW6wNrIteBRvq5WvCIrLNWDFdT2pYhAI2NJUbg+uEXXpMiEvBSRUup2K\n"
	    "BoR6EsO1AgMBAAECggEACA92mYk4Bf4/P1rp/RadrMHJZAsLV7nMNwVoxr92huTD\n"
	    "rwKZSxuLQpQrFyXHnbT3moTcd/6lBgm5FG2DaKIlmx4KCkr0ebBPCGcRy6YSS/Aa\n"
	    "cUM0WontluJdld+tKqSPK9hp98l4W8wfFYbB/iB/SyuCjYKI2lDDv9AbWVsHsSoT\n"
	    "pvML8VDC4oxZareLu+UEkjfMr1Ap9yQNvYMktpzRIWE8i63m9/3XDzmrvAP17QGw\n"
	    "bDPx/YZ+G0x/2KwsLSHUtHl+erfOMpYYmHW+UXJV4eNnEYtFZGMAoI7TGGLf+7xb\n"
	    "OErdHDpS52/VW9ef6Mzsa2y4C86WXiQFAO1BIT6mcQKBgQD3wRY8clBCFgljYZW7\n"
	    "WIFNZMPJGWzxtwM4dYky5NXxEHyRkxngswxO4Nx110azvi1gkIwEG3oBQ/6tnpx7\n"
	    "soFZBhObCb+zHfufWhCgqtoRhNW/Y1muNbTuf0RO0nbDqMr8+9i+TbcyAMkAAe1p\n"
	    "55tTbrCUkseEVxH9EGMTe0E8NwKBgQDnrdtdj7FsRteNBmWCgK5s5ZwoAIEYUeho\n"
	    "65r+tcqaXKd+9kVAq+w/p0q8Q0QZHSTZgByGt5S60oxu2PoZllQKHi7rZLjGcNrP\n"
	    "ZLm62e5njZFORhbwAwUaQG+SkubtGUBX+14xOPVIwqhKwFu7BrJqlxF4j1mj0s4Z\n"
	    "M2q3InuBcwKBgQDA6Jp8xHGTk38J39DriBVeAqijq+V1LBAY5QPIGgAvbKvh2c0b\n"
	    "da6OuG1QYCgQCnNgrgwnopFT7PKfk1G6yxoGDEI1xNh8CkuDH2i1AXM8ktav6BbL\n"
	    "G8xeq7+vNBb/cC1l4F86hl6vU4cuN1H51TnPM+/QL52kgPtjtV+/qof37wKBgQDX\n"
	    "1qEICVbCCT3HpK3tZvUZftB8c/vRLH3ZQaakpbibFrb1EXpzRbhTlQeLXR+URhKO\n"
	    "j0wENgPaCU3L91kJfYPN6VDM/IkoVvuDO9PMwDvbPYih46p68FVQn7dSVonNWjkX\n"
	    "vpeCRA5AOxmOiqbrFtIhe5xLNUHN3hckY0KIWxe1AQKBgGwUDhLKaOMWLhqKDNVN\n"
	    "xgrvYu/nVzfkUcUI5LXcVvFYpXuxiKTOqhDzU4BhqptRnRa0VSstBiDSStv1ag8a\n"
	    "uc4sxzV4bXmF2AVuKwIaV+J/PsSps3lr3lLkFld3rxUBj047aLRkojGfCCvMWvYK\n"
	    "x44sv7Vtchs2SkT/vTxnIbt5\n"
	    "-----END PRIVATE KEY-----\n" },
	{ .title = "RSASHA256 1024 ZSK",
	    .algorithm = 8, .flags = 256, .tag = 40929, .revoked_tag = 41057,
	    .public_key = "03010001ed4bf6d95230e19b332672c03a2d3a0d533b13e0390113a5a00b97ae1ca24c566877479370ccf55c1bd98e1d"
	    "d5f69342bdebce8f00005b38dd03de276d423a4f5761994977c6b62755b875acbc03f4e059045f65e94d7eab6ee32fa4"
	    "c0b44a258b8652470a9d7798754f8faa00581f6e9bcf04433b4d446f87afc2bd7d5bcd77",
	    .fingerprint = "2c9fc03494d09f45d644126aa7bfd091c0e0f4026abc4d6887e13ef51a3eacc4",
	    .ds_sha256 = "9fe10802b18d09e5310857aa98c00a7f37b67afb3dcbcfa1ccfc8eb699f7d9c96b4b89d9",
	    .ds_sha384 = "9fe1080405d0db6c05f6764efb710d050318dedb0ea8119815cd1a082a447d3e6955f109fe141d4304a2f2e70ebe679d"
	    "3b0f256a",
	    .signature = "df1e43940446734299f3c749c5cf419fa184803866c3401607afb8be2b72c21ec3e35db1e2ce7349cf25840522658e1d"
	    "48311a7bddd80df8f57a0e402f9385fd6eea451ebd08ff34b37fe3d0da7e786404c1df245c817030fda9b12493fca7df"
	    "ee8e4e87c01d8d299fa3c37ca0122aa46fe845bf5bec8a98f11de1e58199d01e",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAO1L9tlSMOGbMyZy\n"
	    "wDotOg1TOxPgOQETpaALl64cokxWaHdHk3DM9Vwb2Y4d1faTQr3rzo8AAFs43QPe\n"
	    "J21COk9XYZlJd8a2J1W4day8A/TgWQRfZelNfqtu4y+kwLRKJYuGUkcKnXeYdU+P\n"
	    "qgBYH26bzwRDO01Eb4evwr19W813AgMBAAECgYEA64l6ZS4S/OzLMb+3FEfuFmnl\n"
	    "+w2WJ35z6M946Ebdxf4CxVrTe6TFan7uTAVLauuy1McqCYEL2YAwyPUKl4WkT1Fy\n"
	    "VyZHKVLTy/hm5tA29ndMlYiuYDdjUyPRUsr51xG8YJjnloEaG7HzoHjenuzwsxdH\n"
	    "XgigHEEseT6XowCBesECQQD4ersgrBZmvjjlB+RndwBkztKGV3lzaHmUOvHtKlyf\n"
	    "AfYy3O1cfXbmDVK9juj0QbEysPNY8zWA4ioBBDk4JlJhAkEA9HqWbEU175RwHANs\n"
	    "na244VwLlUwn4fmZJjXqg6hTsgk0A9FIcMYosBxRCShLnDzpsAXw5aEik8EVPnDf\n"
	    "lA1e1wJBAL4uqeVi8a5n8AIUnVQ3uBxwVKAweavEjjHPP/Ynk0a86KSbhi1hdky0\n"
	    "a9zcch7p3OeQmmE9nXjtIfsvMWBxrGECQFdayg7LuBbv6hMIYjIBFdNoaTcibAnB\n"
	    "fqh5kV8TsTwnL6/BgunQ1E8A/y+Pd1zPIwzjQo06QzmaPzX9bNXg5ScCQATrWp5x\n"
	    "uBiTTOItZBFVJWudokXhm+HhWkRl7fJqSCs+DgWaL1GEyeCJW5LYP38QtbyGy7eY\n"
	    "Ysz7EOBDL6FpNhI=\n"
	    "-----END PRIVATE KEY-----\n" },
	{ .title = "RSASHA256 4096 ZSK",
	    .algorithm = 8, .flags = 256, .tag = 63574, .revoked_tag = 63702,
	    .public_key = "030100018ae688274ebfa373f7281384f3ad9cdd00964211c710c50d2172f4931c0e7b313ddbdbc0c94123eccf6e1415"
	    "6bbc2b578d76efbb8d44a6084ade86f16d46db9969349f30df76e897bf1903a43ec45dec495490e71d34704521b18b44"
	    "26c73d2f19d794477db29ee3f468ef5e66bb03b08caf50eb9ab0079b288367683eca0c348ab0935727d4493045696918"
	    "9af6432ae8fa8d6acbc27c276dba31fbcfedd20b954c618a02d5000bd1e76137e110b750309897dc75e8107dc6137b8f"
	    "ed1602f5be5fd18804057c28c0c77d2eacad8af71d950ae169262bf4b08babe4011807c0b91c9c3c5a4941243cd1e64e"
	    "bbe4ee84f3ca183bbc6827fc0713019732accb20c7ad1710a2eb499a7edf857d1a54905c8ca56e79c866f614026e1abb"
	    "f3fa84843f95645fbf299d149ecbdd416ab0178e182aec9f38b43e8694e7041e04bc4933c3eb763ffa08f92686b5c9cb"
	    "1cd1ac18b5c1ddfa3429ab982ed84f01ce367b590067e016e73cd5e1aa69246b454932f162056cca070a14edc2c99541"
	    "0b87efac8e74813a95ce2db4b141983d9f23326b7571121d37220be75a066f18cdfd38fa2ddfbf4fd9c166cfa3c513b5"
	    "11db9c217e880029f662b1e0e167c750c48e79c0750e0ec8c0922f8e8f9002b34d4702a8febd9bb2dd28cc37876e3c76"
	    "86db25e4fbcb6092ae181da4be14d0fcc6da809c88a0c7c6619d4c7645b5d191e8feab37",
	    .fingerprint = "80c4457d829573fd1fd870910b71d4ee6ad6d1fc519dc5e6bb727141dbbca387",
	    .ds_sha256 = "f856080229de53a712cfd6fa11779ff7eea787e11b2c67c789e3fb819f970df967ada5b8",
	    .ds_sha384 = "f8560804b0f7d32a6b90d9a6c4ab5c678c08f44acf3793074bacf102250b69ee0d76341ef69d0ac387f27724417964dc"
	    "fd159a06",
	    .signature = "7e06f6d889cc8b5daada9ef512c18a778ba2f8b0bc44852e6a52524aee0bd18c41c9a37e3c503fff5e6cb3618a403150"
	    "a72da1750e1dfe2aa4dd2c74f41bdd49dd024179e68e1685fbe2091adc1c23370673f1312ac07faa05d60a5a15ae08cd"
	    "044463f8b063f15da0aebacd39b5502d53d63889aaa8dee1db8143e917d52cea15397ecebac3d6d797974b1d8ce41aca"
	    "3b896f1fd7d871c8634131b939887816f037f3eb09d5ed151c3c19a192372e72d9e9339d7f4a22acd1de07a7e19ab54d"
	    "ca34037136bc9c6fe8aa1ae19307385aff0a77af186571a054f7365ff3eb5e12dcdaf1a16115fda3a530a6acbe931c07"
	    "fab720c6313dc935447b1f037eb0fde76957fa7cf5d1cd5f25a27b6d97d5b623101c3b4763a33e8e4a253047b46ddd5c"
	    "33b899ecf98a2e706a20f9bcb78d5e0f3df8df9efb0d240a4da0d6760bcab16daec201d585bcef869342c490ab9e3dbc"
	    "ad94d5b1b24095ffa0308ebd016f66a2f179c7953b1aff08f78160e2e7fcd379abc86c3dd868f11024705eab8e200cf7"
	    "ce79aa29d7064bfa5fcb21f15284ce7cde948b62a54f677023e1f2c0abdef6f49c89e67d9967f70b6e1691a603ab5d41"
	    "95e9c4befd3ff7e7b115752be4cfde4e826275dbbb5f822ca869112f58587e2991b3f3185c89df8ec4d80f654b6bbce6"
	    "ce80351335f0109196be6aa060e0799ac9120ed574550d2e0a3c404fbd04aecc",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MIIJQwIBADANBgkqhkiG9w0BAQEFAASCCS0wggkpAgEAAoICAQCK5ognTr+jc/co\n"
	    "E4TzrZzdAJZCEccQxQ0hcvSTHA57MT3b28DJQSPsz24UFWu8K1eNdu+7jUSmCEre\n"
	    "hvFtRtuZaTSfMN926Je/GQOkPsRd7ElUkOcdNHBFIbGLRCbHPS8Z15RHfbKe4/Ro\n"
	    "715muwOwjK9Q65qwB5sog2doPsoMNIqwk1cn1EkwRWlpGJr2Qyro+o1qy8J8J226\n"
	    "MfvP7dILlUxhigLVAAvR52E34RC3UDCYl9x16BB9xhN7j+0WAvW+X9GIBAV8KMDH\n"
	    "fS6srYr3HZUK4WkmK/Swi6vkARgHwLkcnDxaSUEkPNHmTrvk7oTzyhg7vGgn/AcT\n"
	    "AZcyrMsgx60XEKLrSZp+34V9GlSQXIylbnnIZvYUAm4au/P6hIQ/lWRfvymdFJ7L\n"
	    "3UFqsBeOGCrsnzi0PoaU5wQeBLxJM8Prdj/6CPkmhrXJyxzRrBi1wd36NCmrmC7Y\n"
	    "TwHONntZAGfgFuc81eGqaSRrRUky8WIFbMoHChTtwsmVQQuH76yOdIE6lc4ttLFB\n"
	    "mD2fIzJrdXESHTciC+daBm8Yzf04+i3fv0/ZwWbPo8UTtRHbnCF+iAAp9mKx4OFn\n"
	    "x1DEjnnAdQ4OyMCSL46PkAKzTUcCqP69m7LdKMw3h248dobbJeT7y2CSrhgdpL4U\n"
	    "0PzG2oCciKDHxmGdTHZFtdGR6P6rNwIDAQABAoICAADQlWnqweDvZz4YgT4QgdM0\n"
	    "KGynRcU98Ee/S1ebT/ykS/XPmN+7/8TGMYCmfP9yXJMzUsbGH46EqDu41OixZKsy\n"
	    "cTL9NVhKSp4bCRnhjWOhZSsWrNLUkoHrb/GxhecgN2JNA5Vt+2o++EtW7Ea3TkrQ\n"
	    "FdspJiBmDF/DsSYyzhDvQzAmlfEHkJkEiKwk6Pse8rFXNdKmO/+zQumMbkcwhU1x\n"
	    "bfxHN1snTGPNX+NMxccnlNTS6kp38CVYrTBVdj98Tofh11iVp8rDYOc1eXwxyUWX\n"
	    "uwTpQvpFRfwNtIxTTom76Np8/LpzFo5+olGwYmB9n77f4qSzX7DbDh00YdBahmPU\n"
	    "DsDa+FVLYyB757r+BHcFjXhWfKEgAOnaBqKiDBG9IlS/vR9OwVZGOsm+VmG02naW\n"
	    "oy6Qr6vqRz1RW0GXr3afpUdEPqH6LpT51Xr6CSqoyntDmOypDqdvPPsyuX5RCaLK\n"
	    "1FlPBCluwx/aFr3lo/XqZGTVJCTt4lVZDE0g/ni1iz8zjq/sN5z1vGzbk5jWBzhF\n"
	    "jpfzM3hz0MOtk+yqCrMAw4G5CoH5gclnQR4p/o/yr7JbSazLM52+B92oPf+NNVvI\n"
	    "8NMKLOAPqJ2ykynRTmUIlH27zC52JDutRhIteU0nF5gHHnvm+HWfaMQzWU4UP+22\n"
	    "iGaxLd7bITQHWITrSI2xAoIBAQDB5+HIf4SmeSSuRByK5Ya12+RluyBBqSBKsrco\n"
	    "VbpeCoHeJh0gzKDPZ9kxr5x3jpf1mgYGn6ab9v+4uCwEaOXsX05pEUfhgrW4venI\n"
	    "H+mvtsDYmw4e6G45zL6VN8IuVNTQo6+eaoo8IM9KGZpEuXTgnXj8exVXYG6gI6XC\n"
	    "R0I9ZIEH4x516qaFFSVyBdDxlsTECTa5/NratB10+zsDm6zC6fW1mFJBYYLUW1Kk\n"
	    "wdoooQG7mQyxe9+jOJoNKCNZmfLafhkLB7QV+4CFN3BHUXCsvDouUuIuiGjT7f/L\n"
	    "qDLpLVnd0sK4Chwu8iuCdcCEtJAQrdYMMQULsIytpgSf0HMnAoIBAQC3YWWD9BeO\n"
	    "6UbOxPr9mf5FeQY/oGH+Ykrx6sz9QEZPjSBFmcMR459p1BqSVlL+97XVWiF6kKLL\n"
	    "OKFUBLfQ6eLABv1+dFxdwW/DJNRD6OKm+E3FWpoyWHlri7BaWYliXraW+9+9Fkjz\n"
	    "5zeISx72SX6e7bPpZy+MaKuZ6nIRcDb3hJ3m5Bmg2lwY5fSDa2ydY1eC9rZMVAaA\n"
	    "3aUuu/TnW2QBOHFUOkwOM1Vp68COfHhLLJAIo19lz9UttZGSYawZhgjprmScg27N\n"
	    "AZwE7qyhKVDAYWdMA8ldKV/AyKneax1vYyaCnp+NhDU4eyaBw63sMoL2NvWsce0E\n"
	    "rx+RKi+339FxAoIBAB2hsNgx3HSQKLHUyMPVBXv/CW0eZnSCQuQHYYPxbdR3KJdp\n"
	    "HaRogN6RERjNrEx85u3qRqd2eEB3Q2bYBin6WcCAY/wcXu6wSdLcesBRWCW4+Mlh\n"
	    "EIxampWMm0c0SSFJZ2gmy2ya/Vro7KR3OyLrcFfu2JFEweMjYmRobik9OHsnQ6yP\n"
	    "4ZTFcgL+U0WUa/SvRIxsmAdeA5fOVH4O8lq/zGvQ0vKYP2GsZBDNj9iLoyn4SMqB\n"
	    "PfZVZryLpscB7j0AEKOhB3SvDa8aSu6QpUDQyjYrYXy4v8W6pMJWKXPW1Uja3FPQ\n"
	    "pF75dIscCNgb5HqjGSzjU8VzLEE4DpduumAtu5sCggEBAIr6IXlzkDcazDMATkfM\n"
	    "YUw9gGLQJfQogiv9iwWTpLW9euvEsHXqUHJf8RNeoN/i08ex2xWMcBQcAwgt2zFV\n"
	    "UCfAJHWlsirL4uu+CbC92qg4HpinJZ1qN/stjqWqndgTd8XNda9UKE3QueFtLTXy\n"
	    "VSgVdfg532tGGGc5quFUbhQASbsmu9WQJ6QnArxmuZY+J6B1YYtPUu5vDDTy9ZQx\n"
	    "SwUxxZHT7LgGZ4EyzmguJOy0BSTGzBHZBPLzXDPYGhnt3uta451KbrqnsZp7WBF7\n"
	    "wltKdoLBi+Yy6QKuES8jdtdoCVOM69bQj5USoAhQSIttbJs049OhM8QNBJt7oVZ1\n"
	    "JcECggEBALO48BmfpXCrkYSqaBx5DMQaUM1AwVmUSXwtOIphbGaEFWZLHYbGpLsS\n"
	    "24lH0a6RmQS6VggcvjP0mGBNJXAvwt7b4sNoP3JCuHhDMjcMYoJ897SDoFoY+cuW\n"
	    "xyxKUtgNp4Lv+TbREMphugblvyRcs9+lO1hMjCV1HKSrUrR+PswZDIREm4QTqQcg\n"
	    "htAXQTM3S/JZ1dtEK1kvs0PSMn/bBhaufE7KSLYpqqeD9XGPg3b0MiJZNcZpeaU3\n"
	    "ycJKkN1p/pXVsHEoNvJNF15Xml/8vxBCarad4A+rJQ1tyH7WsDtuokhMn7KqG3AL\n"
	    "DCGQ/mJpwnc7ybQebrldrmkw2HvtEx0=\n"
	    "-----END PRIVATE KEY-----\n" },
	{ .title = "RSASHA512 2048 ZSK",
	    .algorithm = 10, .flags = 256, .tag = 30780, .revoked_tag = 30908,
	    .public_key = "030100018ec14d18f87c87669b0f40ff1aa3ac160d5c709cc6ad76d5845047fa4cfb12a90c6673a2cb94ff29861ce1f8"
	    "70e1ae3cce131e92936108841b79ffc15e642939abf650cb620380f15c940771094aa95087106a1cd7807529f68440a4"
	    "d9dbb5a43a05b1e724b073725d3ed906af128f0f76a9065fecb142c2fece7ed1045b2ec53eab18066c1121360308987b"
	    "b8c9be507330289aa62819392392f716b6200dbb39a7ca3ba02b57efbe62e41ca5730e843fcf8b3e7a4fa3273f7128d0"
	    "21751e9eb79fc85ec9b3fa4d17e8c813cca1f5bb21e88f8bd689c8ae38ed58a4560dc2a874c01c27db45ed31211c50ca"
	    "0c00818af7363b39c78dea089951ad17516b73c3",
	    .fingerprint = "ca9db46e6dbc05e65603c3675007661e0bd3be0fb459ea515c6e61cd93caf4e4",
	    .ds_sha256 = "783c0a0275c1fa9e9a6f3695655f57327ba3c77a91db553990e7a731cc1c4f342576916d",
	    .ds_sha384 = "783c0a047570a94fde80195bcb6027019b2f1620058e2602e304cb1c7836ae2ea91ffc26633d488f3ec2588a9867c950"
	    "b83b6fb5",
	    .signature = "60bb1d9b5db46d184a8aba10244bbf90327c3f5002909e0be891f4e61762f84a469e82f9a5f16591e72d97fc5e6aff31"
	    "070a7c232d10e3b4c25b37397797f3cca599d14eb2b4ab049d35499c67a94e39777f27b476a6f4616c03de9be2b2bcbd"
	    "cef2e6e6f8bae266582165f12d112fba416cbc4be98de5cb771eb4221cd74e367093311f2f7c440cf522546eb79e6b45"
	    "b3454e2c5766d397a9a510ecc34eb9d9a8d7cd35626727dd519a27e9df3294a81399a447466aabcd5e915a4804856a1e"
	    "ee36c1498744859b0a2ff44c996413be9394679409ca92204bf7bd24640954a34b86baed95644cc731ec6479cfe0a384"
	    "a282cc5bad54a0f34ffdfe7512b6c2fd",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCOwU0Y+HyHZpsP\n"
	    "QP8ao6wWDVxwnMatdtWEUEf6TPsSqQxmc6LLlP8phhzh+HDhrjzOEx6Sk2EIhBt5\n"
	    "/8FeZCk5q/ZQy2IDgPFclAdxCUqpUIcQahzXgHUp9oRApNnbtaQ6BbHnJLBzcl0+\n"
	    "2QavEo8PdqkGX+yxQsL+zn7RBFsuxT6rGAZsESE2AwiYe7jJvlBzMCiapigZOSOS\n"
	    "9xa2IA27OafKO6ArV+++YuQcpXMOhD/Piz56T6MnP3Eo0CF1Hp63n8heybP6TRfo\n"
	    "yBPMofW7IeiPi9aJyK447VikVg3CqHTAHCfbRe0xIRxQygwAgYr3Njs5x43qCJlR\n"
	    "rRdRa3PDAgMBAAECggEAFlff6swdpY2kMFeCdhdu/EacFM4c9JJ4acys71q0I2AN\n"
	    "Hk30CXwpEcU5aQ7bEB+WycRJUTS7B7uxlz8180GnCC1HkK68iQLaBBzxKzqCkoyV\n"
	    "jzakjABBlk9MtNd4d8Bu01wH07801OTt/kO2nZlAhfGTE/nYkIf8ACiuxaUyZlfi\n"
	    "AJIvauR4jkt3O+NzyfWsdAHNN8sOiCk/9afofkpEKlmnNV2XqBuW/95LiDp0UoSy\n"
	    "6HYJHvsaWfB4psacE3ZP4jyrqsT4DAiiuql8Y4ZY8BO40Q1YimrwOhlM13gVfCB8\n"
	    "M+Zas+INhl/16FzWLtNQdssRCnc7xOxC0LH2ZZ+vCQKBgQDJzkN2S/871YXAHHKY\n"
	    "9kgc2cHVOVJ4D+bF57AzEaUynE2yyocU0DvMWvuw4/8Z9AEnwmNjvWIXlYMfU+B1\n"
	    "OEiLgkqPFxOIIdhhKVfyb5bGn5dNK7QuJcAKyb5J3oRpWuuy0J85UEYzI+7V81A3\n"
	    "VzSAAqS06ZAmdUaWajhuZ1sfWwKBgQC1F2ztieeB2lSjrqthTcdT3VvG2v/l0GZE\n"
	    "MKCYPcyEent11zeITlzv88YnHcvIZssvYey6eu9iPSWpkCwV9IZtcL4VnhkbVg/K\n"
	    "0Y06tRZaddurzhtTyo8eEuQP9sZM3LAu7VcbPFO15eBeylI/SZ1Sx6gtduGIUi2/\n"
	    "C9L4qdJRuQKBgGV8g1S0d1Dh2nd4VvExuaY4pE/UmfKjHI0eLPAhyZAgJrrpOvFu\n"
	    "nwPwJW8Z2ap1mTcjfNQl43S0zdItXk3U1jbCeThohHwLeUOzhPT4xTxx+abneZ9T\n"
	    "gLZsKnP/oVtSTAILBGfQRN1nDq8tw4NxKYfOzIHmi4WrqKnwFR0AgUTNAoGABRs7\n"
	    "/xa8aHT3ngX23y+KR1sek2Tpgll2CMY2QRS9B59Mi+4dqsJK7Jk7JS8559S+Nf/U\n"
	    "5Q1CYsrGnRlrpNLYV42uTn2+x36Nw3JVQSqKDtLz9sxBCQPVNUvjEnAq90/hx/D5\n"
	    "W9M/qQlqYkHiP9abkRIANAf+JBHtKE31DP386EECgYBbHPgcpgC5Tn1FHuFRKxU2\n"
	    "R06K/YStH9JEwi5ENT2Yfhim13dJ4gT9eGp7CjHqDmpCqSP6iA7NRr/ODLPlTWGN\n"
	    "641LqL6eRDdQS7I0Fb0rDlSZmUYOxzKwYpMEoF2KnshlhbNZilm9V0HlHh8STJPZ\n"
	    "2C2ze6/oIXX0NnpBpNyN3g==\n"
	    "-----END PRIVATE KEY-----\n" },
	{ .title = "ECDSAP256SHA256  KSK",
	    .algorithm = 13, .flags = 257, .tag = 39520, .revoked_tag = 39648,
	    .public_key = "8256abf05801529905a3a29da83d4111bc61754cb775ee480c8cab1dcd650fc35ce0b02a00715d5809b07373654a44d7"
	    "44ce4f96724e426c2b41f871338b8d2a",
	    .fingerprint = "5b9a6899663dbe5cb89e1089942c3b9f9181b05a7fba772e718101c2a4f06dcc",
	    .ds_sha256 = "9a600d026cf4e1e345778a77c68286afb1cd555dbfd8be47c80c15a11ab8f1241c9e7337",
	    .ds_sha384 = "9a600d0427633d1d96875c83d868bd0465126c2350d7319be69bae617a86fc89479c6587a3819a3a910ae4514c8907e3"
	    "3f64ef0e",
	    .signature = "65f5af3c58deb655ba2723bd08a3999f633f8209f9b82eb5e8ecef973ff3f158957bb5b73772499e9a42d79c66be39bf"
	    "068f315e8f773356f7279d1eb0b149cb",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7uhBUDnWPgfnfL3k\n"
	    "Aga2sIUO1piba76Rk1/VeHSrRTehRANCAASCVqvwWAFSmQWjop2oPUERvGF1TLd1\n"
	    "7kgMjKsdzWUPw1zgsCoAcV1YCbBzc2VKRNdEzk+Wck5CbCtB+HEzi40q\n"
	    "-----END PRIVATE KEY-----\n" },
	{ .title = "ECDSAP256SHA256  ZSK",
	    .algorithm = 13, .flags = 256, .tag = 26180, .revoked_tag = 26308,
	    .public_key = "3b840f21696ce7a9c4ac0df437a07e8ac34277add56c0cc661ec6365e63348f4d381ebfa8316aa23355e4f925aa83022"
	    "9f4630368d5bcea922cea0b9663bda5b",
	    .fingerprint = "e793d39b1362807ca08dfa49977386006085e253d534b84595b56e1dbf897463",
	    .ds_sha256 = "66440d02fa7de8a1188b7d58ccc58baf35efbecf60d407a7a8351986dc296740c6f1d9b8",
	    .ds_sha384 = "66440d04a870d32b8a5f69bac132e533fcb9f219ec703c53ed666993946c397011b17803c1251ae961a8b1b1032ba437"
	    "1b14d34e",
	    .signature = "f9b72d25d95f2f2043dfa5a1e27135ee7a89702fc1b38a218e70209253ca3c6928bc81f647b128f1b10943525a002e98"
	    "8e060a5f16715199fd73729ab5fb4e22",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgS/17TVol3AwoIHUd\n"
	    "9zyB7kXt2V74/ZQfHF5er2QkplehRANCAAQ7hA8haWznqcSsDfQ3oH6Kw0J3rdVs\n"
	    "DMZh7GNl5jNI9NOB6/qDFqojNV5PklqoMCKfRjA2jVvOqSLOoLlmO9pb\n"
	    "-----END PRIVATE KEY-----\n" },
	{ .title = "ECDSAP384SHA384  KSK",
	    .algorithm = 14, .flags = 257, .tag = 55654, .revoked_tag = 55782,
	    .public_key = "06dde30602f286c74679a2cc6eada61235144c1b3b2ceb0eb99dabfcf42d01d908d473bf9fe8fc3f7137fe45d9d976c8"
	    "2c042c1d9b16f0b3fcd2351ede46c574c4ed118c74a3908a50687627f88ccfe898672dc1acb8073ff996492029987d16",
	    .fingerprint = "21f2a089d9a85dae20e272f6dd6aec88c657febce64a57f382458bb882331f17",
	    .ds_sha256 = "d9660e02de1c0ae0cfaa31a8a36a69cba1ed0b322872972ec6553091737c0b1ed1d614a5",
	    .ds_sha384 = "d9660e04b68d7e72f628a2e19ac8615bc6884ba2c5d1abc00e44f5e94d61e379b67c6c4dccfc5537c323185a4ef78279"
	    "8911dbc9",
	    .signature = "205cb1f8ee1ecc15fc4820686f10c137ff5f0bd0369f7ce6550b2e8e9c4032f3fa81f47be309f78bca3af9bfc897196f"
	    "2d3d413aa10bccf3bd4c27e26b649085485349fdc6d13c4796802ded6fcde5948ddc2b03ef9b0bc9670ebefa307ef893",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBk8JomXO6IPkQ/bFxI\n"
	    "RYI7CjIoT5ds1oyiLgs3I00RGH88vu1L0Q6hQkZ0lRBux8ihZANiAAQG3eMGAvKG\n"
	    "x0Z5osxuraYSNRRMGzss6w65nav89C0B2QjUc7+f6Pw/cTf+RdnZdsgsBCwdmxbw\n"
	    "s/zSNR7eRsV0xO0RjHSjkIpQaHYn+IzP6JhnLcGsuAc/+ZZJICmYfRY=\n"
	    "-----END PRIVATE KEY-----\n" },
	{ .title = "ED25519  ZSK",
	    .algorithm = 15, .flags = 256, .tag = 4107, .revoked_tag = 4235,
	    .public_key = "b85692074dcfb7a4b7f6af08b99046d7014c6101c87f1bfd434553d8b8c8be11",
	    .fingerprint = "c5889ea81616e5ad2edd188e70f3a812224f2278d155238cd9de453ef82de1c4",
	    .ds_sha256 = "100b0f0296a7c910a3165cf6dfda24434103a156a9b55ac3de7756e9ef92f2e293bf6506",
	    .ds_sha384 = "100b0f04e2d2a59ba25c6a6fb31e943a91736ccc75fcdd1fda80a5f18a92e97c2de723ac2b023dcd6a7d59c4bc416409"
	    "749dcdfe",
	    .signature = "8ee1d53a2506ad71581fdec892ca531c7b371a9ce2eef232efabe4e89012b69118ee77a96b94f8acd4133a640d678eca"
	    "c3a87adab63fa7b14c91155eb60cdc02",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MC4CAQAwBQYDK2VwBCIEIMcoizZyjXIiaga5+mbPTGFsk+a7xzUIzZAUp6bCnzU9\n"
	    "-----END PRIVATE KEY-----\n" },
	{ .title = "ED448  KSK",
	    .algorithm = 16, .flags = 257, .tag = 27600, .revoked_tag = 27728,
	    .public_key = "fb4d77c5001d96550302bbf960dd8790344c020f5c9424770c3850f65e2b4708ae59027de2d96d5cd57201c1269dffad"
	    "d5f3e2be4a9b7b2c80",
	    .fingerprint = "65e6babee447b7b3a8257e4d896dfd056decad346bf27968950aad1fd1be6726",
	    .ds_sha256 = "6bd010022c2a9fc965329ebb79b1859443ba93bc823b2881e97b2af2257df24a7d42a9ec",
	    .ds_sha384 = "6bd010046e7cd824126edc0b04b67a05186c8133e62ee33bedcff5ecaa772da0cfe22ec90719df95eba55f9281a3b492"
	    "ae285f89",
	    .signature = "7b83549ed7a7004273cc332484eb106deb20f79e8dff05cfd0adb6f6154ef9c57e5163f41825882e6a51d39532474b4b"
	    "1c58622360bacb0980c4e89587f8cc539953ef3517fd79909c690c7d4b89d48ef7ade522899de62d45685732a2794573"
	    "d3465ff13c6c01f6f700b541791793911400",
	    .pem = "-----BEGIN PRIVATE KEY-----\n"
	    "MEcCAQAwBQYDK2VxBDsEORRYmUdeh1jKHbcf6mO8P20wWyzzrnx0SD0HSxidreIz\n"
	    "wR63DJMCA/iTP3mOWV8xdhiza6e5ZNDMrw==\n"
	    "-----END PRIVATE KEY-----\n" },
};
