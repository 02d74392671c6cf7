# SPDX-License-Identifier: MIT
"""Completion: each shell itself completes with the script that the program writes."""
import os
import subprocess
import unittest

import zs
from zs import World

# In a terminal of its own; what is offered goes into a file, then the shell ends.
ZSH = r"""
zmodload zsh/zpty
zpty z zsh -f -i
cat > $OUT.zsh <<'EOF'
autoload -U compinit
compinit -u -D
source $SCRIPT
compadd() {
	if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
		builtin compadd "$@"
		return $?
	fi
	local -a offered
	builtin compadd -O offered "$@"
	(( $#offered )) && print -rl -- $offered >> $OUT
}
leave() { exit }
comppostfuncs=(leave)
bindkey '^I' complete-word
EOF
zpty -w z "source $OUT.zsh"
zpty -n -w z "$LINE"$'\t'
while zpty -r z line; do :; done 2>/dev/null
"""


class Completion(World):
    virtual = False

    def setUp(self):
        super().setUp()
        self.z("init", code=0)
        self.z("zone", "add", "nl.test", "-i", self.input, "-o", self.output, code=0)
        for shell in ("bash", "zsh", "fish"):
            self.write(f"script.{shell}", self.z("completion", shell, code=0).out)
        self.env = {**self.environment(), "PATH": f"{os.path.dirname(zs.ZONESEAL)}:/usr/bin:/bin", "TERM": "dumb"}

    def text(self, name):
        return self.read(self.path(name)).decode()

    def run_shell(self, *argv, **more):
        done = subprocess.run(argv, capture_output=True, text=True, cwd=self.folder, check=False, timeout=60,
                              env={**self.env, **more})
        self.assertEqual(done.stderr, "")
        return done.stdout.split("\n")[:-1]

    def bash(self, line):
        words = line.split(" ")
        code = 'source script.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _zoneseal; printf "%s\\n" "${COMPREPLY[@]}"'
        return {word for word in self.run_shell("bash", "-c", code, "bash", *words) if word}

    def zsh(self, line):
        if os.path.exists(self.path("offered")):
            os.unlink(self.path("offered"))
        subprocess.run(["zsh", "-f", "-c", ZSH], cwd=self.folder, check=False, timeout=60, capture_output=True,
                       env={**self.env, "OUT": self.path("offered"), "SCRIPT": self.path("script.zsh"), "LINE": line})
        if not os.path.exists(self.path("offered")):
            return set()
        return set(self.text("offered").split("\n")[:-1])

    def fish(self, line):
        lines = self.run_shell("fish", "-c", "source script.fish; complete -C $LINE", LINE=line)
        return {one.split("\t")[0] for one in lines}

    def assert_offers(self, line, *words, but=()):
        for shell in (self.bash, self.zsh, self.fish):
            with self.subTest(line, shell=shell.__name__):
                offered = shell(line)
                self.assertLessEqual(set(words), offered)
                self.assertFalse(offered & set(but), offered)

    def test_commands_verbs_options_zones_and_files(self):
        self.write("some.zone", "x")
        self.assert_offers("zoneseal ", "status", "zone", "key", but=["add"])
        self.assert_offers("zoneseal zone ", "add", "set-policy", but=["status"])
        self.assert_offers("zoneseal zone set-", "set-policy", "set-parents", but=["add"])
        self.assert_offers("zoneseal zone show ", "nl.test.", but=["some.zone"])
        self.assert_offers("zoneseal --color never status ", "nl.test.")
        self.assert_offers("zoneseal sign nl.test --in", "--input", but=["--output"])
        self.assert_offers("zoneseal status --", "--json", "--states", but=["--input", "--dry-run"])
        self.assert_offers("zoneseal sign nl.test -i so", "some.zone")
        self.assert_offers("zoneseal --color ", "always", "never", but=["status"])
        self.assert_offers("zoneseal emergency nl.test --plan ", "security-first")
        self.assert_offers("zoneseal status nl.test extra more ", but=["nl.test."])

    def test_zones_are_those_of_the_state_folder_named_before(self):
        self.env["ZONESEAL_STATE"] = self.path("nowhere")
        self.assert_offers("zoneseal zone show ", but=["nl.test."])
        self.assert_offers(f"zoneseal zone show --state {self.path('state')} ", "nl.test.")

    def test_the_name_of_a_zone_is_not_run(self):
        name = "a$(touch${IFS}evil)`touch${IFS}evil`.test"
        self.z("zone", "add", name, "-i", self.input, "-o", self.path("other"), code=0)
        listed = self.z("zone", "list", code=0).out
        self.assertIn("touch", listed)
        self.assert_offers("zoneseal zone show ", "nl.test.")
        self.assertFalse(os.path.exists(self.path("evil")))

    def test_each_command_and_each_of_its_options_is_in_each_script(self):
        text = self.z("--help", code=0).out.split("\nCommands\n")[1]
        commands = [line[2:21].strip() for line in text.split("\n") if line.startswith("  ")]
        self.assertGreater(len(commands), 50)
        for shell in ("bash", "zsh", "fish"):
            script = self.text(f"script.{shell}")
            for command in commands:
                self.assertIn(f"'{command}')" if shell != "fish" else command.split()[-1], script)

    def test_another_shell_is_refused(self):
        self.assertIn("completion: bash, zsh or fish", self.z("completion", "tcsh", code=2).err)


if __name__ == "__main__":
    unittest.main()
