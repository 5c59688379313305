import pytest

import physics
from physics.conservation import flux_form
from physics.tree import canonical

FORMS = [
    ("u_t = -u*u_x + nu*u_xx - u", {"x": "u**2/2 - u_x*nu"}),
    ("u_t = -D(cos(u), x) - nu*u", {"x": "cos(u)"}),
    ("u_t = -nu*sin(u)*u_x", {"x": "-nu*cos(u)"}),
    ("u_t = -6*nu*u*u_x - u_xxx", {"x": "3*u**2*nu + u_xx"}),
    ("u_t = (1 + nu*u^2)*u_xx + 2*nu*u*u_x^2", {"x": "-u**2*u_x*nu - u_x"}),
    ("u_t = -D(nu*sin(x)*u, x)", {"x": "u*nu*sin(x)"}),
    ("u_t = -nu*sin(x)*u_x", None),
    ("u_t = x*D(nu*u^2, x)", None),
    ("u_t = nu*u_xy - D(abs(u)*u, y)", None),
    ("u_t = nu*exp(u)*u_x/(1 + exp(u))", None),
    ("h_t = -D(m, x); m_t = -D(m^2/h + nu*h^2/2, x)", {"x": "m"}),
    ("h_t = -h*v_x - v*h_x; v_t = -v*v_x - nu*h_x", {"x": "h*v"}),
    ("u_t = -2*u*u_x - u*v_y - v*u_y; v_t = -u*v_x - v*u_x - 2*v*v_y + nu*u", None),
    ("u_t = -nu*u_xx - u_xxxx - u*u_x", None),
]


@pytest.mark.parametrize(("text", "flux"), FORMS)
def test_fluxes_and_source_are_the_right_hand_side(text, flux):
    system = physics.parse(text, {"nu": 0.1})
    form = flux_form(system)
    for state, expression in system.equations.items():
        assert canonical(form.rhs(state) - expression) == 0
        assert not any(j.order for j in physics.jets.jets_in(form.source[state]))
    if flux:
        first = form.fluxes[system.state_names[0]]
        assert {c: str(f) for c, f in first.items()} == flux


@pytest.mark.parametrize(
    "text",
    [
        "u_t = u_x^2",
        "u_t = -u*u_xx",
        "u_t = -u*u_x - v*u_y; v_t = -u*v_x - v*v_y",
        "u_t = -v*u_x; v_t = -u*v_x",
        "u_t = u_x*u_xx^2",
    ],
)
def test_what_is_no_divergence_is_said(text):
    with pytest.raises(ValueError, match="no flux form: in the equation of 'u'"):
        flux_form(physics.parse(text))


def test_systems_without_space_have_none():
    with pytest.raises(ValueError, match="no space"):
        flux_form(physics.get("lorenz63"))
