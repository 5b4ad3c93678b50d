"""A run on several hosts that is hit again and again, and restarted as the job templates do.

    python Tests/EndToEnd/chaos.py [HITS [SEED]]     (25 hits by default; needs root and ../shared)

Four ranks on three hosts, which are network namespaces, assemble a kernel on a small disk. At random
moments, a rank, a host's daemon or mpirun is killed, a link is cut, a rank is frozen, the disk is filled,
or bits are flipped in finished tiles. In the end, the store must be that of an undisturbed run, byte for
byte, and almost no tile may have been written twice.
"""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from conftest import (
    BINARY, ENVIRONMENT, ROOT, SHARED, chunk_paths, chunks, of_a_run_in_progress, tile_places)

VHOSTS = SHARED / "cluster/vhosts.sh"
RANKS = 4


def missing():
    """Why this cannot run here; None if it can."""
    if not VHOSTS.exists():
        return f"{VHOSTS} is not there"
    if os.geteuid() != 0:
        return "network namespaces need root"
    absent = [name for name in ("ip", "nsenter", "ssh", "ssh-keygen") if not shutil.which(name)]
    if not pathlib.Path("/usr/sbin/sshd").exists():
        absent.append("sshd")
    return f"{' '.join(absent)} is missing" if absent else None


class Chaos:
    def __init__(self, folder, hits, seed, images):
        self.random, self.hits = random.Random(seed), hits
        self.folder = pathlib.Path(folder)
        self.hosts, self.disk = self.folder / "hosts", self.folder / "disk"
        self.run = self.disk / "run"
        self.job = self.folder / "job.yaml"
        self.sections = {
            "data": {"synthetic": {"seed": 5, "train": images, "test": 0}}, "kernels": ["ntk"],
            "network": {"preset": "cnn-gap", "depth": 3}, "precision": "f32", "tile": 8,
            "output": str(self.run)}
        self.total = (images // 8) * (images // 8 + 1) // 2
        # Every file that a tile ever had, by inode; and the number of tiles damaged on purpose.
        self.versions, self.damaged = set(), 0
        self.told = []

    def vhosts(self, *arguments):
        subprocess.run([VHOSTS, arguments[0], self.hosts, *map(str, arguments[1:])], check=True,
                       stdout=subprocess.DEVNULL)

    def __enter__(self):
        self.disk.mkdir()
        # Twice the size of the tiles, so that the disk is quick to fill.
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", self.disk], check=True)
        self.job.write_text(json.dumps(self.sections))
        self.vhosts("up", 3)
        (self.folder / "hostfile").write_text("h1 slots=2\nh2 slots=1\nh3 slots=1\n")
        site = (ROOT / "jobs/slurm/site.sh").read_text()
        (self.folder / "site.sh").write_text(site + f"""
NTK_DIST={pathlib.Path(BINARY).resolve()}
MPIRUN=({VHOSTS} exec {self.hosts} h0 "${{MPIRUN[@]}}" --hostfile {self.folder}/hostfile -np {RANKS}
  --mca plm_rsh_agent "ssh -F {self.hosts}/ssh/config" --mca btl_tcp_if_include 10.77.0.0/24
  --mca oob_tcp_if_include 10.77.0.0/24 --oversubscribe --wdir /
  -x OPENBLAS_NUM_THREADS -x OMPI_MCA_mpi_yield_when_idle)
""")
        # Does what a template does with a job: launches it again as long as this can help.
        (self.folder / "once.sh").write_text(f"""
source {ROOT}/jobs/slurm/functions.sh
launch assemble {self.job} --resume --watchdog 10 --progress none
status=$?
is_worth_another $status && exit 75
exit $status
""")
        return self

    def __exit__(self, *_):
        for name in ("mpirun", "orted", "ntk-dist"):
            for pid in self.processes(name):
                self.kill(pid, signal.SIGKILL)
        self.vhosts("down")
        subprocess.run(["umount", "-l", self.disk])

    # Hits

    def processes(self, name):
        """Processes of this run."""
        hosts = set()
        for number in range(4):
            pid = (self.hosts / f"h{number}.pid").read_text().strip()
            hosts.add(os.readlink(f"/proc/{pid}/ns/net"))
        found = []
        for pid in subprocess.run(["pgrep", "-x", name], capture_output=True, text=True).stdout.split():
            try:
                if os.readlink(f"/proc/{pid}/ns/net") in hosts:
                    found.append(int(pid))
            except OSError:
                continue
        return found

    def kill_one(self, name, number):
        found = self.processes(name)
        if found:
            self.kill(self.random.choice(found), number)

    @staticmethod
    def kill(pid, number):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    def hit(self, kind):
        """Hits the run; returns a function that undoes it after the session."""
        if kind == "rank killed":
            self.kill_one("ntk-dist", signal.SIGKILL)
        elif kind == "daemon killed":
            self.kill_one("orted", signal.SIGKILL)
        elif kind == "mpirun killed":
            for pid in self.processes("mpirun"):
                self.kill(pid, signal.SIGKILL)
        elif kind == "rank frozen":
            self.kill_one("ntk-dist", signal.SIGSTOP)
        elif kind == "link cut":
            host = f"h{self.random.randint(1, 3)}"
            self.vhosts("cut", host)
            return lambda: self.vhosts("mend", host)
        elif kind == "disk full":
            filler = self.disk / "filler"
            with open(filler, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(1 << 12))
                except OSError:
                    pass
            return filler.unlink
        elif kind == "bytes flipped":
            of_a_run_in_progress(self.flip)
            of_a_run_in_progress(self.flip)
            # The next session finds it.
            self.kill_one("ntk-dist", signal.SIGKILL)
        return lambda: None

    def flip(self):
        """Flips a bit of a finished tile."""
        place = self.random.choice(sorted(tile_places(self.run).values()))
        content = bytearray(place.read())
        content[self.random.randrange(len(content))] ^= 1 << self.random.randrange(8)
        place.write(content)
        self.damaged += 1

    KINDS = ["rank killed", "daemon killed", "mpirun killed", "link cut", "rank frozen", "disk full",
             "bytes flipped"]

    # The run

    def watch(self, stop):
        """Records every separate file that a tile ever has."""
        while not stop.is_set():
            self.look()
            time.sleep(0.02)

    def look(self):
        for path in (self.run / "kernels.zarr").rglob("loose/*/[0-9]*"):
            try:
                self.versions.add((str(path), path.stat().st_ino))
            except FileNotFoundError:
                pass

    def session(self, kind, after):
        """Starts the program and hits it after `after` more tiles; returns its exit status."""
        before = found = len(chunk_paths(self.run))
        log = open(self.folder / "log", "a")
        process = subprocess.Popen(
            ["bash", self.folder / "once.sh"], stdout=log, stderr=log, start_new_session=True,
            env={**ENVIRONMENT, "NTK_DIST_SITE": str(self.folder / "site.sh")})
        undo = None
        begun = time.monotonic()
        while process.poll() is None:
            last, found = found, len(chunk_paths(self.run))
            if found != last:
                begun = time.monotonic()
            # On a busy machine, a session is slow, but it makes progress.
            if time.monotonic() - begun > 300:
                left = subprocess.run(["ps", "-eo", "pid,ppid,stat,etimes,comm,args"], text=True,
                                      capture_output=True).stdout.splitlines()
                left = [line[:100] for line in left if "ntk-dist" in line or "orted" in line]
                raise AssertionError("\n".join([f"a session hangs after '{kind}'; {self.told}", *left,
                                                self.log()]))
            if undo is None and kind and found >= before + after:
                hit_at = time.monotonic()
                undo = self.hit(kind)
            time.sleep(0.02)
        if undo is not None:
            self.told.append((kind, process.returncode, round(time.monotonic() - hit_at, 1)))
            undo()
        return process.returncode

    def leave(self, count):
        """Deletes tiles until `count` tiles are left to be computed."""
        there = chunk_paths(self.run)
        missing = self.total - len(there)
        for path in self.random.sample(sorted(set(there)), len(set(there))):
            if missing >= count:
                break
            path.unlink()
            missing += there.count(path)
            self.damaged += there.count(path)

    def log(self):
        return (self.folder / "log").read_text()[-4000:]

    def play(self):
        kinds = (self.KINDS * (self.hits // len(self.KINDS) + 1))[:self.hits]
        self.random.shuffle(kinds)
        stop = threading.Event()
        watcher = threading.Thread(target=self.watch, args=(stop,))
        watcher.start()
        try:
            mean = self.total / (self.hits + 2)
            for kind in kinds:
                after = max(2, int(mean * self.random.uniform(0.4, 1.2)))
                self.leave(2 * after + 4 * RANKS)
                status = self.session(kind, after)
                # Ranks outlive a killed mpirun by some seconds, and hold the run during this time.
                for _ in range(30):
                    if status != 73 or "is being written by" not in self.log():
                        break
                    time.sleep(1)
                    status = self.session(kind, after)
                # A full disk is an error that the user must fix; the template handles everything else.
                allowed = (74, 75) if kind == "disk full" else (75,)
                assert status in allowed or status == 0 and len(chunk_paths(self.run)) == self.total, (
                    kind, status, self.log())
            for _ in range(5):
                if self.session(None, 0) == 0:
                    break
        finally:
            stop.set()
            watcher.join()
        self.look()

    def judge(self):
        """Compares the store with that of an undisturbed run, and counts tiles written twice."""
        alone = self.folder / "alone"
        path = self.folder / "alone.yaml"
        path.write_text(json.dumps({**self.sections, "output": str(alone)}))
        subprocess.run(["mpirun", "--oversubscribe", "-np", "2", BINARY, "assemble", path, "--progress",
                        "none"], env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
        expected, found = chunks(alone), chunks(self.run)
        assert len(expected) == self.total and found == expected
        hits = len(self.told)
        twice = len(self.versions) - self.total - self.damaged
        report = {"hits": hits, "kinds": sorted({kind for kind, *_ in self.told}), "tiles": self.total,
                  "interrupted_at_most": hits * RANKS, "damaged": self.damaged,
                  "written_twice": twice, "longest_seconds_to_end": max(s for *_, s in self.told)}
        assert hits == self.hits, (report, self.told)
        assert twice <= 0.1 * hits * RANKS, report
        return report


def play(hits, seed, images):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ntk-chaos-"))
    folder.chmod(0o755)
    try:
        with Chaos(folder, hits, seed, images) as chaos:
            chaos.play()
            for line in chaos.told:
                print(*line)
            return chaos.judge()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    reason = missing()
    if reason:
        sys.exit(f"chaos: {reason}")
    hits = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    print(json.dumps(play(hits, int(sys.argv[2]) if len(sys.argv) > 2 else 1, 16 * hits)))
