"""Random activations with their parameters."""

# Functions that are smooth, that have a kink only at 0, and that have other kinks. The last kind takes the
# reference longest.
FORMULAS = {
    "smooth": [
        "x * sigmoid({a} * x)", "x * exp(-{a} * x**2)", "tanh(x) + {a} * x", "erf({a} * x)",
        "sin({a} * x) * exp(-x**2 / 4)", "log(2 + x**2 / 4)", "sqrt({a} + 2 + x**2 / 4)", "cosh(x / 4)",
        "x * tanh(softplus(x))", "sinh(x / 3) - cos(pi * x / 4)", "1 / (2 + x**2 / 4)"],
    "kinked": [
        "max(x, {a} * x)", "abs(x) - {a}", "where(x > 0, x, {a} * (exp(x) - 1))", "x / (1 + abs(x))",
        "min(x, {a} * sin(x))"],
    "far": ["min(max(x, -{a}), {b})", "max(x - {a}, 0)", "where(x < {a}, x**2 / 4, x)"],
}


def parameters(g, name):
    """Parameters of an activation, or None if it has none."""
    slope = g.number(-0.9, 0.9)
    return {
        "leaky_relu": {"negative_slope": slope},
        "abrelu": {"negative_slope": slope, "positive_slope": g.number(0.5, 1.2)},
        "rectified_monomial": {"degree": g.integer(0, 2)},
        "erf": g.choice([None, {
            "amplitude": g.number(0.5, 1.5), "scale": g.number(0.5, 1.5), "shift": g.number(-0.4, 0.4)}]),
        "sin": g.choice([None, {
            "amplitude": g.number(0.5, 1.5), "frequency": g.number(0.5, 1.5), "phase": g.number(-1, 1)}]),
        "cos": {
            "amplitude": g.number(0.5, 1.5), "frequency": g.number(0.5, 1.5), "phase": g.number(-1, 1)},
        "rbf": {"gamma": g.number(0.1, 1)},
        "gaussian": {"amplitude": g.number(0.5, 1.5), "rate": g.number(-1, -0.1)},
        "exp": {"amplitude": g.number(0.3, 0.8), "rate": g.number(-0.5, 0.5)},
        "monomial": {"degree": g.integer(1, 3)},
        "polynomial": {"coefficients": [g.number(-0.5, 0.5) for _ in range(g.integer(2, 5))]},
        "exp_normalized": {"gamma": g.number(0.2, 1.5), "shift": g.number(-1, 0)},
        "elu": {"alpha": g.number(0.3, 1.5)},
    }.get(name)


SMOOTH = ["tanh", "sigmoid", "swish", "silu", "softplus", "mish"]
CLOSED = [
    "relu", "relu", "relu", "leaky_relu", "abs", "abrelu", "erf", "sigmoid_like", "gelu", "sin", "cos", "rbf",
    "gaussian", "exp", "gabor", "sign", "monomial", "rectified_monomial", "polynomial", "exp_normalized"]


# These grow faster than their argument, so they explode if they are repeated with the same weights.
STEEP = {"exp", "monomial", "polynomial", "rectified_monomial"}


def random_activation(g, count, repeated=False):
    """An activation for a signal of `count` positions, from the random choices of `g`."""
    names = CLOSED + SMOOTH + ["formula smooth"] * 3
    if count <= (1 if repeated else 4):
        names += ["elu", "selu", "formula kinked"] * 2
    if count == 1 and not repeated:
        names += ["hard_tanh", "formula far"]
    names = [n for n in names if n not in g.left_out
             and not (n.startswith("formula") and "elementwise" in g.left_out)
             and not (repeated and n in STEEP)]
    name = g.choice(names)
    if name.startswith("formula"):
        text = g.choice(FORMULAS[name.split()[1]])
        return {"elementwise": {"formula": text.format(a=g.number(0.3, 0.9), b=g.number(0.3, 1.5))}}
    chosen = parameters(g, name)
    return {name: chosen} if chosen else name
