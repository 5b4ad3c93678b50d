"""Spack builds ntk-dist from the clone that this file lies in:

    spack repo add packaging/spack/spack_repo/ntk_dist
    spack install ntk-dist ^openmpi

A Swift toolchain of version 6.1 or later (swift.org) must be on the PATH; Spack has none.
"""
import os

from spack.package import depends_on, license, version, which
from spack_repo.builtin.build_systems.generic import Package

CLONE = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 6))


class NtkDist(Package):
    """Infinite-width kernels (NNGP and NTK) of whole data sets over MPI ranks."""

    homepage = "file://" + CLONE
    git = "file://" + CLONE

    license("Apache-2.0")

    version("main", branch="main")

    depends_on("c", type="build")
    depends_on("gmake", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("python@3:", type="build")
    depends_on("mpi")
    depends_on("scalapack")
    depends_on("openblas")

    def setup_build_environment(self, env):
        # The wrapper of Spack's compiler, which would add these, is not what links Swift's objects.
        for library in (self.spec["scalapack"], self.spec["openblas"], self.spec["mpi"]):
            env.append_path("LIBRARY_PATH", library.prefix.lib)
        env.set("NTK_DIST_SCALAPACK", "scalapack")
        env.set("NTK_DIST_MPI", "mpich" if self.spec.satisfies("^mpich") else "openmpi")

    def setup_run_environment(self, env):
        for library in (self.spec["scalapack"], self.spec["openblas"], self.spec["mpi"]):
            env.prepend_path("LD_LIBRARY_PATH", library.prefix.lib)

    def install(self, spec, prefix):
        which("swift", required=True)
        which("make", required=True)("install", f"PREFIX={prefix}")
