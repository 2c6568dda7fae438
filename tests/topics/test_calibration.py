"""Calibration against definitions written out, against the engine, and on classifiers whose truth is known."""

import numpy as np
import pytest

from mnist_autograd import functional as F
from mnist_autograd import gradcheck
from mnist_autograd.teach.topics import calibration

RNG = np.random.default_rng(0)
Z, Y = 3 * RNG.normal(size=(200, 5)), RNG.integers(5, size=200)
P = F.softmax(Z).data


def by_definition(p, y, bins):
    """The expected calibration error example by example, with fractions of whole numbers as edges."""
    error = 0
    for i in range(bins):
        inside = [n for n in range(len(y)) if i / bins < p[n].max() <= (i + 1) / bins]
        if inside:
            sure = sum(p[n].max() for n in inside) / len(inside)
            right = sum(p[n].argmax() == y[n] for n in inside) / len(inside)
            error += len(inside) / len(y) * abs(sure - right)
    return error


@pytest.mark.parametrize("bins", [1, 2, 5, 10, 15, 100])
def test_the_error_is_the_mean_gap(bins):
    found = calibration.reliability(P, Y, bins)
    assert found.ece == pytest.approx(by_definition(P, Y, bins), abs=1e-12)
    assert found.ece == calibration.ece(P, Y, bins)
    assert found.count.sum() == len(Y) and len(found.count) == bins and len(found.edges) == bins + 1
    held = found.count > 0
    assert ((found.confidence > found.edges[:-1]) | ~held).all() and (
        (found.confidence <= found.edges[1:]) | ~held
    ).all()
    assert np.isnan(found.accuracy[~held]).all() and (found.gap[~held] == 0).all()


def test_one_bin_compares_the_means():
    difference = P.max(axis=1).mean() - (P.argmax(axis=1) == Y).mean()
    assert calibration.ece(P, Y, bins=1) == pytest.approx(abs(difference))


def test_edges_belong_to_the_bin_below_and_a_confidence_of_1_to_the_last():
    p = np.array([[0.5, 0.25, 0.25], [0.75, 0.25, 0], [1, 0, 0], [0.5 + 1e-9, 0.5 - 1e-9, 0]])
    assert calibration.reliability(p, np.zeros(4, int), bins=4).count.tolist() == [0, 1, 2, 1]


def test_too_sure_is_positive():
    assert calibration.reliability(np.array([[0.9, 0.1]]), [1]).gap.max() == pytest.approx(0.9)
    assert calibration.reliability(np.array([[0.6, 0.4]]), [0]).gap.min() == pytest.approx(-0.4)


@pytest.mark.parametrize("beta", [0.1, 0.5, 1, 2])
def test_the_slope_is_the_derivative_of_the_nll(beta):
    def loss(beta):
        return F.cross_entropy(beta * Z, Y)

    assert calibration.slope(Z, Y, beta) == pytest.approx(float(gradcheck.vjp(loss, beta)), rel=1e-10)
    assert calibration.nll(Z, Y, 1 / beta) == pytest.approx(loss(beta).item(), rel=1e-12)


@pytest.mark.parametrize("factor", [0.3, 1, 2, 5])
def test_the_fitted_temperature_is_the_lowest_point_and_undoes_a_factor(factor):
    z, y = calibration.overconfident(factor)
    T = calibration.fit_temperature(z, y)
    assert abs(T / factor - 1) < 0.05
    lowest = calibration.nll(z, y, T)
    assert all(calibration.nll(z, y, T * by) > lowest for by in (0.5, 0.99, 1.01, 2))
    assert calibration.fit_temperature(10 * z, y) == pytest.approx(10 * T, rel=1e-9)
    assert calibration.ece(F.softmax(z / T).data, y) < 0.02


def test_it_works_in_float32_as_networks_give_it():
    z, y = calibration.overconfident()
    assert calibration.fit_temperature(z.astype(np.float32), y) == pytest.approx(
        calibration.fit_temperature(z, y), 1e-5
    )


@pytest.mark.parametrize("y", [Z.argmax(axis=1), Z.argmin(axis=1)])
def test_where_there_is_no_lowest_point_it_says_so(y):
    with pytest.raises(ValueError, match="fit_temperature: the NLL of these 200 examples has no lowest point"):
        calibration.fit_temperature(Z, y)


def test_the_classifier_whose_truth_is_known_is_drawn_from_its_own_probabilities():
    z, y = calibration.overconfident(N=20_000, C=4)
    assert z.shape == (20_000, 4) and y.shape == (20_000,) and set(y) == {0, 1, 2, 3}
    assert calibration.ece(F.softmax(z / 2).data, y) < 0.01 < 0.08 < calibration.ece(F.softmax(z).data, y)
    np.testing.assert_array_equal(y, calibration.overconfident(N=20_000, C=4)[1])


@pytest.mark.parametrize("scores, y", [(P, Y[:5]), (P[0], Y[:5]), (P[:0], Y[:0]), (P, P)])
def test_shapes_that_do_not_fit_are_named(scores, y):
    for function in (calibration.reliability, calibration.fit_temperature):
        with pytest.raises(ValueError, match=r"got shapes .* expected .N, C. and class indices"):
            function(scores, y)


def test_what_is_no_probability_no_logit_and_no_label_is_refused():
    for bad in (np.where(P.max() - 1e-9 < P, np.nan, P), 3 * P, P - 1):
        with pytest.raises(ValueError, match="reliability: got numbers outside 0 to 1, or nan"):
            calibration.reliability(bad, Y)
    with pytest.raises(ValueError, match="fit_temperature: got logits that are nan or infinite"):
        calibration.fit_temperature(np.where(Z.max() - 1e-9 < Z, np.inf, Z), Y)
    for y in (Y - 1, Y + Z.shape[1], Y + 0.5):
        for function, scores in ((calibration.reliability, P), (calibration.fit_temperature, Z)):
            with pytest.raises(ValueError, match=r"got the labels .* expected whole numbers 0 to"):
                function(scores, y)


@pytest.mark.parametrize("bins", [0, -1, 2.5])
def test_bins_are_counted(bins):
    with pytest.raises(ValueError, match="expected a whole number, at least 1"):
        calibration.reliability(P, Y, bins)
