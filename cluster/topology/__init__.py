"""What a cluster consists of, typed once; the files of `ray up`, Kubernetes and AWS are made from it."""
