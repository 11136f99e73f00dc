"""The products of stacked adapters, forward and backward, for groups of rows that share an adapter.

Rows come in equal groups, one adapter each. Shape suffixes: G groups, R rows (a multiple of G), L positions,
I inputs, O outputs, K rank (of all fused sites together), J what a convolution's matrix has for the rank.

A linear layer's rows of one group are one longer matrix. A convolution keeps its rows apart (channels come first):

    stride 1:  positions are multiplied once with all taps' matrices, then the taps' results are shifted and summed
               (J = K · taps; small, because the rank is)
    stride 2:  the input's patches are laid out, then multiplied (J = K)
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from training.engine.layout import is_folded
from training.engine.targets import Site


def shrink(x: Tensor, A_gji: Tensor, site: Site) -> Tensor:
    """h of x: [G, R/G · L, K] for linear layers, [R, K, L] for convolutions."""
    if site.kernel is None:
        return torch.bmm(tokens(x, len(A_gji)), A_gji.mT)
    columns = _columns(x, site)
    h_rjl = torch.bmm(rows_of(A_gji, len(x)), columns)
    return _sum_taps(h_rjl, x, site) if is_folded(site) else h_rjl


def shrink_backward(dh: Tensor, x: Tensor, A_gji: Tensor, site: Site, want_x: bool) -> tuple[Tensor, Tensor | None]:
    """Gradients of A, [G, J, I], and of x."""
    groups = len(A_gji)
    if site.kernel is None:
        dA_gji = torch.bmm(dh.mT, tokens(x, groups))
        return dA_gji, torch.bmm(dh, A_gji).view(x.shape) if want_x else None
    dh_rjl = _spread_taps(dh, x, site) if is_folded(site) else dh
    dA_rji = torch.bmm(dh_rjl, _columns(x, site).mT)
    dA_gji = dA_rji if groups == len(x) else dA_rji.view(groups, -1, *dA_rji.shape[1:]).sum(1)
    if not want_x:
        return dA_gji, None
    dx_columns = torch.bmm(rows_of(A_gji, len(x)).mT, dh_rjl)
    return dA_gji, _from_columns(dx_columns, x, site)


def expand_(y: Tensor, h: Tensor, B_gok: Tensor, site: Site) -> Tensor:
    """Add B·h to the module's output in place; y is contiguous."""
    if site.kernel is None:
        tokens(y, len(B_gok)).baddbmm_(h, B_gok.mT)
    else:
        y.view(len(y), y.shape[1], -1).baddbmm_(rows_of(B_gok, len(y)), h)
    return y


def expand_backward(dy: Tensor, h: Tensor, B_gok: Tensor, site: Site) -> tuple[Tensor, Tensor]:
    """Gradients of B, [G, O, K], and of h."""
    groups = len(B_gok)
    if site.kernel is None:
        dy_glo = tokens(dy, groups)
        return torch.bmm(dy_glo.mT, h), torch.bmm(dy_glo, B_gok)
    dy_rol = dy.reshape(len(dy), dy.shape[1], -1)
    dB_rok = torch.bmm(dy_rol, h.mT)
    dB_gok = dB_rok if groups == len(dy) else dB_rok.view(groups, -1, *dB_rok.shape[1:]).sum(1)
    return dB_gok, torch.bmm(rows_of(B_gok, len(dy)).mT, dy_rol)


def tokens(x: Tensor, groups: int) -> Tensor:
    """[R, ..., I] as [G, R/G · L, I]."""
    return x.reshape(groups, -1, x.shape[-1])


def rows_of(matrices_g: Tensor, rows: int) -> Tensor:
    """One matrix for each row from one for each group."""
    groups = len(matrices_g)
    if groups == rows:
        return matrices_g
    return (
        matrices_g[:, None].expand(groups, rows // groups, *matrices_g.shape[1:]).reshape(rows, *matrices_g.shape[1:])
    )


def _columns(x: Tensor, site: Site) -> Tensor:
    if is_folded(site) or site.stride == (1, 1):
        return x.reshape(len(x), x.shape[1], -1)
    return F.unfold(x, site.kernel or 1, padding=site.padding, stride=site.stride)


def _from_columns(columns: Tensor, x: Tensor, site: Site) -> Tensor:
    if is_folded(site) or site.stride == (1, 1):
        return columns.view(x.shape)
    return F.fold(columns, x.shape[2:], site.kernel or 1, padding=site.padding, stride=site.stride)


def _fold_padding(site: Site) -> tuple[int, int]:
    (kh, kw), (ph, pw) = site.kernel or (1, 1), site.padding
    return kh - 1 - ph, kw - 1 - pw


def _outer(x: Tensor, site: Site) -> tuple[int, int]:
    (kh, kw), (ph, pw) = site.kernel or (1, 1), site.padding
    return x.shape[2] + 2 * ph - kh + 1, x.shape[3] + 2 * pw - kw + 1


def _sum_taps(h_rjl: Tensor, x: Tensor, site: Site) -> Tensor:
    return F.fold(h_rjl, _outer(x, site), site.kernel or 1, padding=_fold_padding(site)).flatten(2)


def _spread_taps(dh_rkl: Tensor, x: Tensor, site: Site) -> Tensor:
    dh_rkhw = dh_rkl.reshape(*dh_rkl.shape[:2], *_outer(x, site))
    return F.unfold(dh_rkhw, site.kernel or 1, padding=_fold_padding(site))
