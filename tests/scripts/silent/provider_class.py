class Provider:
    def create_pod(self, spec):
        for gpu_type in spec.gpu_types:
            pod = self._api.create_pod(gpu_type_id=gpu_type, name=spec.name)  # runpod
            if pod is not None:
                return pod
        return None
