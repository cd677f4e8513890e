import numpy as np
import pytest

from tabtransfer.inference.many_classes import class_tree, multiply_down


@pytest.mark.parametrize("n_classes", [1, 2, 10, 11, 57, 100, 101, 1234])
@pytest.mark.parametrize("max_classes", [2, 10])
def test_tree_is_flat_balanced_and_complete(n_classes, max_classes):
    order = np.random.default_rng(0).permutation(n_classes)
    root = class_tree(order, max_classes)
    np.testing.assert_array_equal(root.classes, order)
    for node in root.nodes():
        sizes = [len(group) for group in node.groups]
        assert len(sizes) <= max_classes and max(sizes) - min(sizes) <= 1
        assert set(node.children) == {i for i, size in enumerate(sizes) if size > 1}
    assert depth(root) == max(1, int(np.ceil(np.round(np.log(n_classes) / np.log(max_classes), 9))))


def depth(node):
    return 1 + max((depth(child) for child in node.children.values()), default=0)


def test_up_to_max_classes_take_one_node_in_order():
    root = class_tree(np.array([2, 0, 1]), 3)
    assert [group.tolist() for group in root.groups] == [[2], [0], [1]] and not root.children


def test_group_of_marks_labels_of_other_nodes():
    root = class_tree(np.arange(4), 2)
    np.testing.assert_array_equal(root.group_of(np.array([0, 3, 1]), 4), [0, 1, 0])
    np.testing.assert_array_equal(root.children[1].group_of(np.array([0, 3, 2]), 4), [-1, 1, 0])


def test_exact_conditional_probabilities_give_back_the_joint_ones():
    rng = np.random.default_rng(0)
    truth = rng.dirichlet(np.ones(23), size=5)
    root = class_tree(rng.permutation(23), 3)
    logs = {}
    for node in root.nodes():
        groups = np.stack([truth[:, group].sum(1) for group in node.groups], 1)
        logs[node] = np.log(groups / groups.sum(1, keepdims=True))
    np.testing.assert_allclose(np.exp(multiply_down(root, logs, 23)), truth)
