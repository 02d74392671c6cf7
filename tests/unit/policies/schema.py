#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The JSON Schema and the program agree: schema.py SCHEMA SHIPPED-FOLDER POLICY_FORMS

An editor that checks with the schema must never call wrong what the program takes; what only the program knows (rules
between fields, bounds of durations written as text) the schema may let pass.
"""
import json
import pathlib
import subprocess
import sys

import jsonschema
import yaml

VALUES = ["true", "false", "yes", "0", "1", "3", "010", "2048", "-1", "3600", "1.5", "1h", "1d2h", "14D", "P14D", "PT1H",
          "P1M", "PT90M", "10d", "36500d", "nsec", "nsec3", "csk", "keep", "unixtime", "increment", "date-counter", "13",
          "RSASHA256", "ecdsap256sha256", "RSASHA1", "2%", "0.5%", "100%", "100.0001%", "101%", "99.99999%", "00%",
          "unlimited", "[12-20..01-05]", "[sat, fri..sun]", "[13-01]", "double-ds", "pre-publication", "liberal",
          "insecure", "by-hand", "off", "off%", "~", '""', '"ab"', '"abc"', '"true"', '"3"', '"2%"', '"1h"', "[]", "[/bin/true]",
          "[/bin/true, 53, -v]", "[true]", "{}", "{a: b}", "tld", "-x", "a.b_c-d", "TLD", "x" * 63, "x" * 64]


def leaves(schema, path=()):
    for name, child in schema["properties"].items():
        if "properties" in child:
            yield from leaves(child, path + (name,))
        else:
            yield path + (name,)


def document(path, value):
    text = value
    for name in reversed(path):
        text = "{%s: %s}" % (name, text)
    return text


def main():
    schema_file, shipped, forms = sys.argv[1:]
    schema = json.loads(pathlib.Path(schema_file).read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    faults = []
    files = sorted(pathlib.Path(shipped).glob("*.yaml"))
    if len(files) < 3:
        faults.append("fewer than three shipped policies")
    for file in files:
        for error in validator.iter_errors(yaml.safe_load(file.read_text())):
            faults.append("%s: %s" % (file.name, error.message))
    texts = [document(path, value) for path in leaves(schema) for value in VALUES]
    texts += ["{unknown: 1}", "{keys: {unknown: 1}}", "{keys: []}", "[]", "keys", "{}"]
    answers = subprocess.run([forms, "check"], input="".join(text + "\n%%\n" for text in texts), text=True,
                             capture_output=True, check=True).stdout.splitlines()
    if len(answers) != len(texts):
        sys.exit("%d answers to %d policies" % (len(answers), len(texts)))
    taken = 0
    for text, answer in zip(texts, answers):
        fits = validator.is_valid(yaml.safe_load(text))
        taken += answer == "ok"
        if answer == "ok" and not fits:
            faults.append("the program takes what the schema refuses: %s" % text)
        if fits and "unknown key" in answer:
            faults.append("the schema takes an unknown key: %s" % text)
    if taken < 100:
        faults.append("only %d policies were taken" % taken)
    print("\n".join(faults) or "%d shipped policies, %d made ones, %d of them taken" % (len(files), len(texts), taken))
    sys.exit(bool(faults))


main()
