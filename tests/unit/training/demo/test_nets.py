import torch

from training.demo.nets import NetConfig, SmallNet, load, store

CONFIG = NetConfig(outputs=5, widths=(8, 16), side=32)


def test_a_stored_network_answers_as_before(tmp_path):
    net = SmallNet(CONFIG).eval()
    store(net, tmp_path / "net.safetensors")
    again = load(tmp_path / "net.safetensors", CONFIG)
    picture = torch.rand(2, 3, 32, 32)
    assert (net(picture) - again(picture)).abs().max() < 2e-2
    assert not [p for p in again.parameters() if p.requires_grad]


def test_where_a_thing_is_matters():
    torch.manual_seed(0)
    net, picture = SmallNet(CONFIG), torch.zeros(1, 3, 32, 32)
    picture[:, :, 2:8, 2:8] = 1.0
    assert (net(picture) - net(picture.flip(2, 3))).abs().max() > 1e-3
